"""All that knows mitmproxy: the addon's hooks, our own master, and what we patch.

Decides nothing: it asks `anyvcr.decider`. Start at `addon` and `master`.
"""
