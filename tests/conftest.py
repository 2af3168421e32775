"""What holds for every test: a clean environment, and a last line that says what was skipped."""

import os
import re
from collections import Counter

import pytest
from hypothesis import settings

# How long one example takes says more of the machine than of the code.
settings.register_profile("anyvcr", deadline=None)
settings.load_profile("anyvcr")

_PREFIXES = ("OPENAI_", "ANYVCR_", "AZURE_OPENAI_")
_NAMES = {
    "ALL_PROXY",
    "CURL_CA_BUNDLE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "NODE_OPTIONS",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper() in _NAMES or name.startswith(_PREFIXES):
            monkeypatch.delenv(name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says in one line what was skipped for want of what."""
    reasons = Counter(
        _short(str(report.longrepr[2]))
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    if reasons:
        told = "; ".join(f"{count} ({why})" for why, count in reasons.most_common())
        terminalreporter.write_line(f"Skipped: {told}")


def _short(reason: str) -> str:
    """What to do about it where that is said, for one word on all that want the same."""
    reason = reason.removeprefix("Skipped: ")
    advice = re.search(r": (run tests/clients/install|see ANYVCR_CORPORA)", reason)
    return advice[1] if advice else reason
