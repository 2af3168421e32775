"""Cassettes that go-vcr wrote: read, and written again as they were."""

from dataclasses import replace
from pathlib import Path

import pytest
from anyvcr.core.cassette import codec as cassette_format
from anyvcr.core.cassette import fast_reader
from anyvcr.core.goyaml import nodes
from support.toolchain import require_shared

SEED = Path(__file__).parents[2] / "cassettes" / "simple_streaming.yaml"


def corpus() -> list[Path]:
    return sorted(require_shared("corpus/go-vcr").rglob("*.yaml"))


def written_again(data: bytes) -> bytes:
    """By the writer alone, without the file that was read."""
    return cassette_format.dumps(replace(cassette_format.loads(data), source=None))


def without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "LIBYAML", None)
    monkeypatch.setattr(fast_reader, "cassette", lambda _: None)


def test_the_seed_is_written_again_as_it_was() -> None:
    assert written_again(SEED.read_bytes()) == SEED.read_bytes()


def test_each_cassette_is_written_again_as_it_was() -> None:
    files = corpus()
    assert len(files) >= 122
    assert [
        path for path in files if written_again(path.read_bytes()) != path.read_bytes()
    ] == []


def test_each_cassette_means_the_same_to_a_yaml_parser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = corpus()
    found = [cassette_format.loads(path.read_bytes()) for path in files]
    needed = [path for path in files if fast_reader.cassette(path.read_bytes()) is None]
    monkeypatch.setattr(fast_reader, "cassette", lambda _: None)
    assert found == [cassette_format.loads(path.read_bytes()) for path in files]
    assert len(needed) <= 1


def test_it_is_the_same_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    files = corpus()
    with_libyaml = [cassette_format.loads(path.read_bytes()) for path in files]
    without_libyaml(monkeypatch)
    found = [cassette_format.loads(path.read_bytes()) for path in files]
    assert found == with_libyaml


def test_each_cassette_can_grow_without_a_change_to_what_is_there() -> None:
    for path in corpus():
        data = path.read_bytes()
        cassette_format.appendable(data)
        cassette = cassette_format.loads(data)
        again = cassette_format.header() + b"".join(
            b"".join(cassette_format.pieces(each, cassette.style))
            for each in cassette.interactions
        )
        assert again == data, path
