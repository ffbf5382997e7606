"""What keeps a command from being carried out: one line on stderr, and the exit code of a misuse."""


class Problem(Exception):  # noqa: N818  # named for what it is, as in errors.py
    """A command cannot be carried out; its text is what people read, and holds no secret."""
