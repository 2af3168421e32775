"""Answers from a cassette, carried by mitmproxy; there is no way to a server from here.

Start at `layer`.
"""
