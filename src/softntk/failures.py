"""Errors that say four things: which argument, what is required, what was got, what to type.

`BadInput` is also a `ValueError` and `TooLarge` also a `MemoryError`, so that callers who catch the
built-in classes keep working. The command line turns them into exit codes 2 and 3.
"""

__all__ = ["BadInput", "Failure", "TooLarge", "typed"]


class Failure(Exception):
    """An error with its four parts.

    Arguments:
        argument: name of the argument, as the caller typed it.
        required: what it has to be, as a clause that follows "must".
        got: what it was.
        advice: what to type instead.
    """

    exit_code = 2

    def __init__(self, argument: str, *, required: str, got: str, advice: str):
        self.argument, self.required, self.got, self.advice = argument, required, got, advice
        super().__init__(f"`{argument}` must {required}; got {got}. {advice}")

    def __reduce__(self):
        # Exceptions are rebuilt from `args` by default, which would lose the keyword parts.
        return (_rebuild, (type(self), self.argument, self.required, self.got, self.advice))


def _rebuild(kind: type[Failure], argument: str, required: str, got: str, advice: str) -> Failure:
    return kind(argument, required=required, got=got, advice=advice)


class BadInput(Failure, ValueError):
    """The input cannot be used as it is."""


class TooLarge(Failure, MemoryError):
    """The work needs more memory or time than there is."""

    exit_code = 3


def typed(*, within: str = "", **arguments: object) -> str:
    """How arguments are given, for a sentence of advice that is read by callers from Python and on the command line.

    `typed(kind="regression")` is `kind='regression' (on the command line: --kind regression)`, for arguments whose
    options have the same name, which is the rule; `within` names a class that takes them in Python. A sequence is an
    option that is given several times, true and false are an option with and without "no-".
    """
    python = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    words = []
    for name, value in arguments.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            several = value if isinstance(value, list | tuple) else (value,)
            words += [f"--{option} {_word(str(each))}" for each in several]
    return f"{f'{within}({python})' if within else python} (on the command line: {' '.join(words)})"


def _word(text: str) -> str:
    """A word as a shell takes it."""
    plain = text and all(letter.isalnum() or letter in "_-.,/=:" for letter in text)
    return text if plain else '"' + "".join(f"\\{c}" if c in '"\\$`' else c for c in text) + '"'
