"""The `anyvcr` command."""
