"""The `anyvcr` command.

Start at `main` (the commands), `running` (a proxy and a program behind it) and `verdict` (the
report and the exit code). The options stand in `anyvcr.options`.
"""
