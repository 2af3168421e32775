"""Record the OpenAI calls of any program and play them back in its tests."""

__version__ = "0.1.0"
