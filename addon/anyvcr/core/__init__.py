"""What a cassette is and what it answers: no files, no clock, no mitmproxy, no click."""
