"""Media types (RFC 9110, section 8.3.1)."""

FORM = "application/x-www-form-urlencoded"


def media_type(content_type: str) -> str:
    """A Content-Type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()
