"""Importing a few of mitmproxy's addons without all of them.

Its package of addons imports each, and with them a web framework, LDAP and a replay client:
a third of the time until the proxy listens.
"""

import contextlib
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from types import ModuleType

import mitmproxy

_NAME = "mitmproxy.addons"


@contextlib.contextmanager
def addons() -> Iterator[None]:
    """Make an import of one of mitmproxy's addons import no other, within this context.

    Whoever imports the package afterwards gets all of it.
    """
    spec = PathFinder.find_spec(_NAME, mitmproxy.__path__)
    if _NAME in sys.modules or spec is None or not spec.submodule_search_locations:
        yield
        return
    package = ModuleType(_NAME)
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules[_NAME] = package
    try:
        yield
    finally:
        del sys.modules[_NAME]
        if vars(mitmproxy).get("addons") is package:
            del vars(mitmproxy)["addons"]
