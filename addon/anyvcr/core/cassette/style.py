"""The YAML layouts that cassettes are written in, by who writes them."""

from enum import StrEnum


class Style(StrEnum):
    """A YAML layout: which program writes it, with which release of which library."""

    X_VCR = "x-vcr"
    """charm.land/x/vcr v0.1.1 with the go-yaml it requires, v4.0.0-rc.3: indent 2, compact lists."""
    X_VCR_FOLDED = "x-vcr-folded"
    """x/vcr in a module with go-yaml v4.0.0-rc.5 or rc.6, which folds long lines."""
    X_VCR_V4 = "x-vcr-v4"
    """x/vcr in a module with go-yaml v4.0.0."""
    GO_VCR = "go-vcr"
    """gopkg.in/dnaeon/go-vcr.v4 v4.0.7 as it comes, with go-yaml v4.0.0-rc.6: indent 4."""
    GO_VCR_4_0_6 = "go-vcr-4.0.6"
    """go-vcr v4.0.6, with go-yaml v4.0.0-rc.3, and v4.0.4, with gopkg.in/yaml.v3."""
    GO_VCR_4_0_5 = "go-vcr-4.0.5"
    """go-vcr v4.0.5, with github.com/goccy/go-yaml: indent 2, everything in double quotes."""
    GO_VCR_4_0_3 = "go-vcr-4.0.3"
    """go-vcr v4.0.0 to v4.0.3, with gopkg.in/yaml.v3, which wrote empty fields, too."""
    GO_VCR_V4 = "go-vcr-v4"
    """go-vcr in a module with go-yaml v4.0.0."""
