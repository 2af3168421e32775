"""Media types (RFC 9110, section 8.3.1)."""

FORM = "application/x-www-form-urlencoded"
JSON_LINES = frozenset(
    {
        "application/json-lines",
        "application/jsonl",
        "application/jsonlines",
        "application/ndjson",
        "application/stream+json",
        "application/x-jsonlines",
        "application/x-ndjson",
    }
)
"""One JSON text a line: no name is registered, and these are in use."""


def media_type(content_type: str) -> str:
    """A Content-Type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def is_json_type(content_type: str) -> bool:
    """Whether a Content-Type says that a body is JSON (RFC 8259; RFC 6839, section 3.1)."""
    kind = media_type(content_type)
    return kind in {"application/json", "text/json"} or kind.endswith("+json")
