"""Finds secrets and takes them out.

Knows nothing of matching. Start at `redactor` (a request or a response), `detect` (a text) and
`credentials` (what this run has seen).
"""
