"""What is built and installed: the wheel's files, and the addon found in it."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from support.proxies import PROJECT, SEED, environment, mitmdump


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        + ["--wheel-dir", str(folder), str(PROJECT)],
        check=True,
    )
    [built] = folder.glob("anyvcr-*.whl")
    return built


def test_the_wheel_holds_the_package_and_the_entry_file(wheel: Path) -> None:
    sources = {
        str(path.relative_to(PROJECT / "addon"))
        for path in (PROJECT / "addon" / "anyvcr").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    names = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}

    assert names == sources | {"anyvcr/script/vcr.py"}


def test_the_installed_addon_loads_into_mitmdump(wheel: Path, home: Path) -> None:
    """Beside this environment's mitmproxy, and ahead of the checkout."""
    place = home / "venv"
    venv.create(place, system_site_packages=False, with_pip=False, symlinks=True)
    [site] = (place / "lib").glob("python*/site-packages")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python")]
        + ["install", "--quiet", "--no-deps", str(wheel)],
        check=True,
    )
    [ours] = {p for p in sys.path if (Path(p) / "mitmproxy").is_dir()}
    (site / "beside.pth").write_text(ours + "\n")

    said = subprocess.run(
        [place / "bin" / "anyvcr", "addon"],
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    entry = Path(said.stdout.strip())

    assert entry == site / "anyvcr" / "script" / "vcr.py"
    options = {"cassette": SEED, "cassette_mode": "replay-only"}
    with (
        mitmdump(
            home,
            options=options,
            scripts=(entry,),
            env={"PYTHONPATH": str(site)},
        ) as proxy,
        proxy.direct() as client,
    ):
        answer = client.post("/chat/completions", json={})
    assert answer.status_code == 418


def test_the_addon_loads_into_mitmweb(home: Path) -> None:
    """Whose own web server stays off the test's way."""
    with (
        mitmdump(
            home,
            *("--no-web-open-browser", "--web-port", "0"),
            program="mitmweb",
            options={"cassette": SEED, "cassette_mode": "replay-only"},
        ) as proxy,
        proxy.direct() as client,
    ):
        answer = client.post("/chat/completions", json={})

    assert answer.status_code == 418
