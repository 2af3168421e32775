"""A WebSocket conversation: its text in a cassette, its matching, and what is said next.

Knows no sockets, frames or files. Start at `transcript` (the text), `conversation` (one
recorded conversation and how far it is played) and `choice` (which of them a client has).
"""
