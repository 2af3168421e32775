import pytest
from anyvcr.clients import exemptions

HOSTS = ("api.openai.com", "*.api.openai.com", "*.openai.azure.com", "llm.corp:8443")
LOOPBACK = "localhost,127.0.0.1,::1"


@pytest.mark.parametrize(
    "entry",
    [
        "*",
        "api.openai.com",
        "API.OpenAI.com",
        "api.openai.com:443",
        ".openai.com",
        "*.openai.com",
        "openai.com",
        "com",
        "*openai.com",
        "eu.api.openai.com",
        "mine.openai.azure.com",
        "azure.com",
        "llm.corp",
    ],
)
def test_an_entry_that_hides_part_of_the_api_is_dropped(entry: str) -> None:
    parent = {"NO_PROXY": f"first.example,{entry},last.example"}
    expected = f"{LOOPBACK},first.example,last.example"
    assert exemptions.rebuilt(parent, HOSTS) == expected


@pytest.mark.parametrize(
    "entry",
    [
        "notopenai.com",
        "openai.com.example",
        "xapi.openai.com",
        "10.0.0.0/8",
        "fd00::1",
        ".internal",
        "registry.corp:5000",
    ],
)
def test_an_entry_that_is_not_the_api_stays_as_it_was_written(entry: str) -> None:
    assert exemptions.rebuilt({"NO_PROXY": entry}, HOSTS) == f"{LOOPBACK},{entry}"


def test_both_spellings_are_merged_and_nothing_stands_twice() -> None:
    parent = {"NO_PROXY": "a.example, localhost", "no_proxy": "b.example a.example"}
    assert exemptions.rebuilt(parent, HOSTS) == f"{LOOPBACK},a.example,b.example"


def test_without_an_inherited_list_loopback_alone_is_exempt() -> None:
    assert exemptions.rebuilt({}, HOSTS) == LOOPBACK


def test_a_host_is_covered_by_itself_its_domains_and_the_star() -> None:
    covering = ["*", ".openai.com", "api.openai.com", "openai.com:443"]
    assert [e for e in covering if not exemptions.covers([e], "api.openai.com")] == []
    assert not exemptions.covers(["x.api.openai.com", "10.0.0.0/8"], "api.openai.com")
