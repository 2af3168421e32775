"""How go-yaml indents a file: the options of its yaml.Encoder. Columns count from 0."""

from dataclasses import dataclass

from anyvcr.core.cassette.model import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The encoder's options (go.yaml.in/yaml/v4, options.go)."""

    indent: int
    compact: bool = False
    """Whether the `- ` of a list counts as its indentation (CompactSeqIndent)."""
    width: int | None = None
    """The column after which a space in a quoted or plain scalar becomes a line break."""

    def below(self, indent: int) -> int:
        """Column of what stands one level under a mapping at `indent`."""
        return self.indent * ((indent + self.indent) // self.indent)

    def items(self, indent: int) -> int:
        """Column of the `- ` of a list under a mapping at `indent`."""
        return self.below(indent) - (2 if self.compact else 0)


def of(style: Style) -> Layout:
    """The layout of that name."""
    return _LAYOUTS[style]


_LAYOUTS = {
    Style.X_VCR: Layout(indent=2, compact=True),
    Style.X_VCR_FOLDED: Layout(indent=2, compact=True, width=80),
    Style.GO_VCR: Layout(indent=4),
}
