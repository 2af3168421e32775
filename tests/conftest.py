"""An environment that says nothing of proxies, certificates or the API to any test."""

import os

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
