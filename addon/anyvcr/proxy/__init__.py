"""The mitmproxy shell: turns flows into core values, asks the session, carries out what it says."""
