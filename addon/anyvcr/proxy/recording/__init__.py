"""An exchange with the API as it passes by, until it is stored.

Start at `exchanges`.
"""
