"""How go-yaml lays a file out: its release, and the options of its yaml.Encoder.

Columns count from 0.
"""

from dataclasses import dataclass
from enum import Enum, auto

from anyvcr.core.cassette.style import Style


class Release(Enum):
    """Releases of Go's YAML libraries that write scalars alike."""

    GOCCY = auto()
    """github.com/goccy/go-yaml v1.18.0: double quotes wherever it quotes, text of lines too."""
    RC_3 = auto()
    """rc.3: `"no"` in double quotes, no folded lines. gopkg.in/yaml.v3 writes the same."""
    RC_5 = auto()
    """rc.5 and rc.6: `'no'` in single quotes."""
    V4_0_0 = auto()
    """v4.0.0: double quotes again, and blocks with an indicator wherever YAML needs one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A release, and the encoder's options (go.yaml.in/yaml/v4, options.go)."""

    indent: int
    compact: bool = False
    """Whether the `- ` of a list counts as its indentation (CompactSeqIndent)."""
    width: int | None = None
    """The column after which a space in a quoted or plain scalar becomes a line break."""
    release: Release = Release.RC_3
    all_keys: bool = False
    """Whether empty fields are written as well (go-vcr before v4.0.4)."""

    def below(self, indent: int) -> int:
        """Column of what stands one level under a mapping at `indent`."""
        return self.indent * ((indent + self.indent) // self.indent)

    def items(self, indent: int) -> int:
        """Column of the `- ` of a list under a mapping at `indent`."""
        return self.below(indent) - (2 if self.compact else 0)


def of(style: Style) -> Layout:
    """The layout that files in `style` have."""
    return _LAYOUTS[style]


_LAYOUTS = {
    Style.X_VCR: Layout(indent=2, compact=True),
    Style.X_VCR_FOLDED: Layout(indent=2, compact=True, width=80, release=Release.RC_5),
    Style.X_VCR_V4: Layout(indent=2, compact=True, width=80, release=Release.V4_0_0),
    Style.GO_VCR: Layout(indent=4, release=Release.RC_5),
    Style.GO_VCR_4_0_6: Layout(indent=4),
    Style.GO_VCR_4_0_5: Layout(indent=2, compact=True, release=Release.GOCCY),
    Style.GO_VCR_4_0_3: Layout(indent=4, all_keys=True),
    Style.GO_VCR_V4: Layout(indent=4, release=Release.V4_0_0),
}
