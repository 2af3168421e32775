"""Importing some of mitmproxy's addons alone."""

import subprocess
import sys


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_proxy_brings_no_web_framework() -> None:
    loaded = run("import anyvcr.proxy.master, sys; print(*sys.modules)").split()
    assert "mitmproxy.addons.proxyserver" in loaded
    assert not {"flask", "ldap3", "werkzeug", "mitmproxy.addons.onboarding"} & {*loaded}


def test_all_addons_are_there_for_whoever_asks_afterwards() -> None:
    program = (
        "import anyvcr.proxy.master as ours\n"
        "import mitmproxy.addons as theirs\n"
        "chosen = [a for a in theirs.default_addons()"
        " if type(a) is ours.proxyserver.Proxyserver]\n"
        "print(len(chosen), theirs.proxyserver is ours.proxyserver)"
    )
    assert run(program) == "1 True"


def test_all_addons_stay_where_they_are_there_already() -> None:
    program = (
        "import mitmproxy.addons as theirs\n"
        "import anyvcr.proxy.master, mitmproxy, sys\n"
        "print(sys.modules['mitmproxy.addons'] is theirs is mitmproxy.addons)"
    )
    assert run(program) == "True"
