"""The pages for readers: their links lead somewhere, and the README stays one page."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(PROJECT.glob("*.md")), *sorted((PROJECT / "docs").glob("*.md"))]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_within_the_project_leads_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text()) if "://" not in link]

    assert not [link for link in links if not _leads_somewhere(page, link)]


def test_each_page_of_docs_is_linked_from_the_readme() -> None:
    linked = _LINK.findall((PROJECT / "README.md").read_text())
    pages = {f"docs/{page.name}" for page in (PROJECT / "docs").glob("*.md")}

    assert pages <= set(linked)


def test_the_readme_is_short_and_begins_with_a_command() -> None:
    lines = (PROJECT / "README.md").read_text().splitlines()

    assert len(lines) <= 160
    assert any(line.startswith("$ ") for line in lines[:20])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_file_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"`((?:addon|docs|scripts|tests)/[\w./-]+)`", page.read_text())

    assert not [name for name in named if not (PROJECT / name).exists()]


def test_the_architecture_names_only_what_is_there() -> None:
    rows = re.findall(
        r"^\| `.*$", (PROJECT / "ARCHITECTURE.md").read_text(), re.MULTILINE
    )
    named = {
        name for row in rows for name in re.findall(r"`([a-z]\w*(?:/\w+)*)/?`", row)
    }
    package = PROJECT / "addon" / "anyvcr"
    places = [path.relative_to(package) for path in package.rglob("*")]
    there = {str(path.with_suffix("")) for path in places} | {p.stem for p in places}

    assert named - there == {"anyvcr", "redact"}  # commands


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in _anchors(target))


def _anchors(page: Path) -> Iterator[str]:
    """Of its headings, as GitHub makes them."""
    for heading in _HEADING.findall(page.read_text()):
        words = re.sub(r"[^\w\- ]", "", heading.lower())
        yield words.replace(" ", "-")
