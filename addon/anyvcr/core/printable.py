"""Text from outside as it may be printed: a terminal shows all of it and obeys none."""


def printable(text: str, keep: str = "") -> str:
    """`text` with an escape in Python's spelling for each character that is not printable.

    So it ends no line, moves no cursor and hides nothing. The characters in `keep` stay.
    """
    if text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable() or char in keep
        else char.encode("unicode_escape").decode()
        for char in text
    )
