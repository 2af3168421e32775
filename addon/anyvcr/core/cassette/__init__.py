"""The go-vcr file: its model, and how it is read and written.

Knows text and bytes, not where they lie (`anyvcr.cassettes`). Start at `model` and `codec`.
"""
