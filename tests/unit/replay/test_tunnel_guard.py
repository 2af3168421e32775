"""Where a tunnel leads, by what it begins with: real handshakes, cut at every byte."""

import ssl

import pytest
from anyvcr.core.hosts import ApiHosts, Origin, is_address, is_host
from anyvcr.core.replay.client_hello import IncompleteError, server_name
from anyvcr.core.replay.tunnel_guard import Refused, Verdict, judge

API = ApiHosts()
OTHER = Origin("https", "other.example", 443)
ADDRESS = Origin("https", "127.0.0.1", 8443)


def plays(origin: Origin) -> bool:
    return (origin.host, origin.port) in API


def hello(name: str | None, size: int = 0) -> bytes:
    """What the standard library's client begins with, its list of protocols `size` long."""
    context = ssl.create_default_context()
    context.check_hostname = False
    if size:
        context.set_alpn_protocols(["x" * 200] * (size // 201 + 1))
    to_server = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), to_server, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return to_server.read()


def in_records(data: bytes, size: int) -> bytes:
    """The same handshake in records of `size` bytes."""
    body = data[5:]
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(data[:3] + len(p).to_bytes(2, "big") + p for p in parts)


@pytest.mark.parametrize("name", ["api.openai.com", "localhost", None])
@pytest.mark.parametrize("size", [0, 4000])
def test_a_hello_is_read_at_any_length_and_no_shorter(
    name: str | None, size: int
) -> None:
    data = hello(name, size)

    assert server_name(data) == name
    assert server_name(data + b"more") == name
    assert server_name(in_records(data, 100)) == name
    for end in range(1, len(data)):
        with pytest.raises(IncompleteError):
            server_name(data[:end])


def test_what_is_no_hello_is_refused_and_never_waited_for() -> None:
    data = bytearray(hello("localhost"))
    for at in range(5, len(data)):
        for value in (0, 255):
            odd = data.copy()
            odd[at] = value
            try:
                server_name(bytes(odd))
            except (ValueError, IncompleteError):
                continue
    with pytest.raises(ValueError, match="empty record"):
        server_name(b"\x16\x03\x01\x00\x00")


@pytest.mark.parametrize(
    ("tunnel", "first"),
    [
        (OTHER, hello("api.openai.com")),
        (OTHER, hello("API.openai.com")),
        (OTHER, in_records(hello("eu.api.openai.com"), 7)),
        (ADDRESS, hello("x.openai.azure.com")),
        (ADDRESS, hello(None)),
        (Origin("https", "2130706433", 443), hello(None)),
        (Origin("https", "::1", 443), hello(None)),
        (OTHER, b"GET /v1/x HTTP/1.1\r\nhost: api.openai.com\r\n\r\n"),
        (OTHER, b"GET /v1/x HTTP/1.1\r\nX: y\r\nHost:API.openai.com.:80\r\n\r\n"),
    ],
)
def test_no_tunnel_leads_to_the_api_under_another_name(
    tunnel: Origin, first: bytes
) -> None:
    verdict = judge(tunnel, first, plays)

    assert isinstance(verdict, Refused)
    assert tunnel.authority in verdict.why
    for end in range(1, len(first) - 4):
        assert judge(tunnel, first[:end], plays) is not Verdict.PASS


@pytest.mark.parametrize(
    ("tunnel", "first"),
    [
        (OTHER, hello("other.example")),
        (OTHER, hello(None)),
        (ADDRESS, hello("localhost")),
        (OTHER, b"GET / HTTP/1.1\r\nHost: other.example\r\n\r\n"),
        (OTHER, b"HELO other.example\r\n"),
        (OTHER, b"PING\r\n"),
        (OTHER, b"SSH-2.0-OpenSSH_9.6\r\n"),
        (OTHER, b"\x00\x00\x00\x08\x04\xd2\x16\x2f"),
        (OTHER, b"GET without end " * 5000),
    ],
)
def test_any_other_tunnel_passes(tunnel: Origin, first: bytes) -> None:
    assert judge(tunnel, first, plays) is Verdict.PASS


def test_what_says_too_little_is_waited_for() -> None:
    assert judge(OTHER, b"GE", plays) is Verdict.MORE
    assert judge(OTHER, b"GET / HTTP/1.1\r\nHost: oth", plays) is Verdict.MORE


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "1.2.3.0x4", "::1", "1."]
)
def test_addresses_are_known_however_they_are_spelt(host: str) -> None:
    assert is_address(host)
    assert is_host(host)


@pytest.mark.parametrize("host", ["a.example", "1.example", "0x.example", "x0"])
def test_names_are_no_addresses(host: str) -> None:
    assert not is_address(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "api%2eopenai.com",
        "u@h",
        "h/",
        "h h",
        "\uff41pi.openai.com",
        "a。b",
        "[::1]",
    ],
)
def test_what_resolvers_read_more_into_is_no_host(host: str) -> None:
    assert not is_host(host)
