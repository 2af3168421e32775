"""A cassette as the keys and values of its file, in the order of go-vcr's structs (cassette.go).

Keys that go-vcr does not know come last in their mapping.
"""

from anyvcr.core.cassette.model import Cassette, Headers, Interaction, Request, Response
from anyvcr.core.go import duration
from anyvcr.core.goyaml.emitter import in_key_order

VERSION = 2


def cassette(value: Cassette) -> dict[str, object]:
    """The whole file."""
    interactions = [interaction(each) for each in value.interactions]
    return {"version": VERSION, "interactions": interactions, **dict(value.extra)}


def interaction(value: Interaction) -> dict[str, object]:
    """One item of the list `interactions`."""
    return {
        "id": value.id,
        "request": _request(value.request),
        "response": _response(value.response),
        **dict(value.extra),
    }


def _request(value: Request) -> dict[str, object]:
    return {
        "proto": value.proto,
        "proto_major": value.proto_major,
        "proto_minor": value.proto_minor,
        "content_length": value.content_length,
        **_unless_empty("transfer_encoding", value.transfer_encoding),
        **_unless_empty("trailer", _map(value.trailer)),
        "host": value.host,
        **_unless_empty("remote_addr", value.remote_addr),
        **_unless_empty("request_uri", value.request_uri),
        **_unless_empty("body", _text(value.body)),
        **_unless_empty("form", _map(value.form)),
        **_unless_empty("headers", _map(value.headers)),
        "url": value.url,
        "method": value.method,
        **dict(value.extra),
    }


def _response(value: Response) -> dict[str, object]:
    return {
        "proto": value.proto,
        "proto_major": value.proto_major,
        "proto_minor": value.proto_minor,
        **_unless_empty("transfer_encoding", value.transfer_encoding),
        **_unless_empty("trailer", _map(value.trailer)),
        "content_length": value.content_length,
        **_unless_empty("uncompressed", value.uncompressed),
        "body": _text(value.body),
        "headers": _map(value.headers),
        "status": value.status,
        "code": value.code,
        "duration": duration.format(value.duration),
        **dict(value.extra),
    }


def _unless_empty(name: str, value: object) -> dict[str, object]:
    return {name: value} if value else {}


def _map(headers: Headers) -> dict[str, object]:
    found = dict(headers)
    return {name: found[name] for name in in_key_order(found)}


def _text(body: bytes) -> str:
    return body.decode(errors="surrogateescape")
