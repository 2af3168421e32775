"""The one place where mitmproxy is patched: what a recorder must not do or have, mended without a fork.

What is used here is not documented API: each name is looked for, and where it is missing
mitmproxy stays as it is. A patch keeps what it replaces, since a script may be loaded again.
Found in mitmproxy 11.0.2 to 12.3.1. `addon` installs all of them when the proxy runs.
"""
