"""Cassettes on disk: a file or a folder of them, opened, read, appended to and checked.

Knows nothing of proxies or mitmproxy. Start at `library` (all cassettes of a run), `deck` (one
cassette in use) and `store` (its file).
"""
