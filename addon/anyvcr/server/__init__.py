"""Replay without mitmproxy: both doors on one port, by asyncio and the standard library's TLS.

Start at `replay_server`. Nothing in here connects to an API host: `tunnel`, which alone opens
connections, gets those that the tunnel guard let pass, and plain requests to other hosts go
to a mitmproxy that the same decider keeps closed (`forwarder`).
"""
