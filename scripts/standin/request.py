"""What the stand-in was asked."""

import hashlib
import time
from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request, complete with its body."""

    method: str
    target: str
    """Path and query, as sent."""
    host: str
    """The Host header, or :authority."""
    headers: Pairs
    """In order; names as sent (HTTP/2: lower case), without pseudo-headers."""
    body: bytes
    """Its first bytes only, where it is larger than the stand-in keeps."""
    body_size: int
    body_sha256: str
    http_version: str
    """`HTTP/1.1`, `HTTP/1.0` or `HTTP/2`."""
    time: float
    """time.monotonic() when it was complete."""

    def header(self, name: str) -> str:
        """The first value under `name`, whatever its case; empty without one."""
        wanted = name.lower()
        return next((v for k, v in self.headers if k.lower() == wanted), "")


class Upload:
    """A request that is still coming in: hashed whole, kept up to `limit` bytes."""

    def __init__(
        self,
        *,
        method: str,
        target: str,
        host: str,
        headers: Pairs,
        http_version: str,
        limit: int,
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self._host = host
        self._http_version = http_version
        self._limit = limit
        self._body = bytearray()
        self._size = 0
        self._digest = hashlib.sha256()

    def add(self, data: bytes) -> None:
        """Takes the next bytes of the body."""
        self._size += len(data)
        self._digest.update(data)
        self._body += data[: max(0, self._limit - len(self._body))]

    def received(self) -> Received:
        """The request, now that it is complete."""
        return Received(
            method=self.method,
            target=self.target,
            host=self._host,
            headers=self.headers,
            body=bytes(self._body),
            body_size=self._size,
            body_sha256=self._digest.hexdigest(),
            http_version=self._http_version,
            time=time.monotonic(),
        )
