"""A cassette as the conversations that it holds, for people and for machines.

Reads what go-vcr keeps of each exchange and never fails: what no reader knows is shown as the
JSON that it is. Start at `exchange` (what is shown) and `reader` (how it is found).
"""
