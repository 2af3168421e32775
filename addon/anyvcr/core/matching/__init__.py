"""Which recording answers a request, and why none does.

Knows nothing of secrets: requests come here redacted. Start at `index`, `rules` and `miss`.
"""
