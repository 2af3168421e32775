"""Cassettes that go-vcr recorded, replayed to a client: each request gets its answer byte for byte."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette.model import Cassette, Interaction
from support.proxies import mitmdump
from support.toolchain import require_shared


def corpus() -> list[Interaction]:
    """The interactions of all cassettes, one cassette after the other."""
    files = sorted(require_shared("corpus/go-vcr").rglob("*.yaml"))
    assert len(files) == 122
    return [
        interaction
        for file in files
        for interaction in cassette_format.loads(file.read_bytes()).interactions
    ]


def in_one_cassette(interactions: list[Interaction], path: Path) -> Path:
    numbered = tuple(replace(each, id=n) for n, each in enumerate(interactions))
    path.write_bytes(cassette_format.dumps(Cassette(interactions=numbered)))
    return path


def test_every_recorded_request_gets_its_answer(home: Path) -> None:
    interactions = corpus()
    hosts = {str(urlsplit(i.request.url).hostname) for i in interactions}
    options = {
        "cassette": in_one_cassette(interactions, home / "c.yaml"),
        "cassette_mode": "replay-only",
        "cassette_hosts": ",".join(sorted(hosts)),
    }

    wrong = []
    with mitmdump(home, options=options) as proxy, proxy.client() as client:
        for interaction in interactions:
            request, recorded = interaction.request, interaction.response
            headers = [(k, v) for k, values in request.headers for v in values]
            answer = client.request(
                request.method, request.url, headers=headers, content=request.body
            )
            kept = {name.lower(): values for name, values in recorded.headers}
            got = answer.status_code, answer.content
            if got != (recorded.code, recorded.body) or any(
                tuple(answer.headers.get_list(name)) != values
                for name, values in kept.items()
            ):
                wrong.append((request.url, answer.status_code))
        proxy.stop()

    assert wrong == []
    assert f"played back {len(interactions)} interactions" in proxy.log
