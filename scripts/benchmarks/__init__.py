"""Measures anyvcr beside its peers; `scripts/bench` runs it."""
