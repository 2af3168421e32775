"""The server's side of TLS as bytes in and out, by the standard library on memory."""

import ssl

CHUNK = 1 << 16


class Tls:
    """One connection's TLS; the shell moves bytes between it and the socket."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self.is_established = False

    def receive(self, data: bytes) -> tuple[bytes, bool]:
        """What `data` says in plain, and whether it says that no more comes.

        Raises ssl.SSLError where the client breaks the rules, or does not trust us.
        """
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()
        parts = []
        try:
            if not self.is_established:
                self._tls.do_handshake()
                self.is_established = True
            while part := self._tls.read(CHUNK):
                parts.append(part)
        except ssl.SSLWantReadError:
            return b"".join(parts), False
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            if not self.is_established:
                raise
        return b"".join(parts), True

    def send(self, data: bytes) -> None:
        """Encrypt `data`; `pending` has it afterwards."""
        self._tls.write(data)

    def close(self) -> None:
        """Tell the client that no more comes."""
        try:
            self._tls.unwrap()
        except (ssl.SSLError, ValueError):
            return  # it waits for the client's word, which does not matter

    @property
    def pending(self) -> bytes:
        """What must go to the client."""
        return self._out.read() if self._out.pending else b""
