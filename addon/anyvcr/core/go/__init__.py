"""What Go's net/http and time packages do, where a cassette shows it."""
