"""`python -m anyvcr`, for where the command is not on the PATH."""

from anyvcr.cli.main import main

if __name__ == "__main__":
    main()
