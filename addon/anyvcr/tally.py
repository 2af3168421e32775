"""What came of a run's connections and requests: plain counters that a report reads."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts of one run; the cassettes' own counts are in their summaries."""

    failed: bool = False
    """Something of ours failed; a cassette that cannot be written is in its summary."""
    interrupted: bool = False
    """A signal ended the program or the proxy: what breaks off now says nothing of the program."""
    calls: int = 0
    """Requests for the API that were seen, answered or not."""
    refused: int = 0
    """Requests whose cassette could not be opened."""
    turned_away: int = 0
    """Connections that would have led to an API host by another way than its own name."""
    too_large: int = 0
    """Requests that were refused since their body is larger than the limit."""
    unreachable: int = 0
    """Connections that a client wanted to the API and that could not be made."""
    handshakes: int = 0
    """Connections whose client accepted our certificate, at first."""
    refused_handshakes: int = 0
    """Connections to the API whose client did not trust our certificate."""
    other_hosts: set[str] = field(default_factory=set)
    """Hosts that are not the API's and were tunnelled."""
