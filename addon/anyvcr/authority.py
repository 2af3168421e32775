"""Our certificate authority: one per user, made on first use, for no other program's sake.

Its key can pose as any site to the processes that trust it, so it lies in a folder that
only its owner can open, and no system store ever gets it.
"""

import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from anyvcr.core.errors import AnyvcrError

logger = logging.getLogger(__name__)

NAME = "mitmproxy"
"""The file names' stem that mitmproxy's TlsConfig looks for in its confdir."""
KEY_BITS = 2048


def folder(environ: Mapping[str, str]) -> Path:
    """Where this user's CA lies: `$ANYVCR_HOME`, else `anyvcr` in XDG_DATA_HOME."""
    if home := environ.get("ANYVCR_HOME"):
        return Path(home).expanduser()
    data = environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "anyvcr"


def ensure(place: Path) -> Path:
    """The CA's certificate (PEM) in `place`, made there if there is none; raises AnyvcrError."""
    certificate = place / f"{NAME}-ca-cert.pem"
    try:
        if certificate.exists():
            _close_to_others(place)
            return certificate
        place.parent.mkdir(parents=True, exist_ok=True)
        _make(place)
    except OSError as error:
        msg = f"cannot make a certificate authority in {place}: {error.strerror}; set ANYVCR_HOME to a folder that can be written"
        raise AnyvcrError(msg) from error
    return certificate


def _close_to_others(place: Path) -> None:
    """See that nobody else can use the CA in `place`; raises AnyvcrError where it is another's."""
    if os.name == "nt":
        return  # there a user's folders are his own by their access lists
    for path in (place, place / f"{NAME}-ca.pem"):
        status = path.stat()
        if status.st_uid not in (os.geteuid(), 0):
            msg = (
                f"{path} belongs to another user, who could read all that is sent: "
                "set ANYVCR_HOME to a folder of your own"
            )
            raise AnyvcrError(msg)
        if status.st_mode & 0o077 and status.st_uid == os.geteuid():
            path.chmod(status.st_mode & 0o700)
            logger.warning(
                "%s was open to other users of this machine, and no longer is; if you do not "
                "trust them, delete %s for a new certificate authority",
                *(path, place),
            )


def _make(place: Path) -> None:
    """In one step, so that two first runs at once agree on one CA."""
    from mitmproxy.certs import CertStore  # once in a CA's life

    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".anyvcr-") as made:
        fresh = Path(made) / "ca"
        fresh.mkdir(mode=0o700)
        CertStore.create_store(
            fresh, NAME, KEY_BITS, organization="anyvcr", cn="anyvcr (this user's)"
        )
        try:
            fresh.rename(place)
        except OSError:
            if not (place / f"{NAME}-ca-cert.pem").exists():
                _move_files(fresh, place)


def _move_files(fresh: Path, place: Path) -> None:
    """Into a folder that is there already and holds no CA, the certificate last."""
    place.chmod(0o700)
    last = f"{NAME}-ca-cert.pem"
    for file in sorted(fresh.iterdir(), key=lambda file: file.name == last):
        file.rename(place / file.name)
