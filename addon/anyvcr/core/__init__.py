"""What a cassette is and what it answers: no files, no clock, no mitmproxy, no click.

Start at `session`: a request comes in, a decision goes out.
"""
