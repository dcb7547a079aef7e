"""Refusals of entries that are missing, infinite, or text where numbers are needed: which, where, and what to type.

A target of texts is a list of classes unless it looks like something else:

    at least half of its entries are numbers, or would be with other marks    prices with a stray word, "100,000", ?
    more than 10 different texts, and more than one for every two rows        names, dates, identifiers

Then the caller has to say what it is.
"""

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from jaxtyping import Bool

from softntk.data.columns import Columns
from softntk.data.entries import Entries, number_pattern
from softntk.data.options import ReadOptions, option
from softntk.data.places import joined, quoted
from softntk.failures import BadInput, typed

__all__ = ["refuse_infinite", "refuse_missing", "refuse_odd_classes", "refuse_text"]

#: Different texts up to which a target may be classes, however few its rows are.
MOST_DIFFERENT = 10

_AS_CLASSES = f"type {typed(kind='classification')} if these are classes"
_EITHER = r"[+-]?\d{1,3},\d{3}"
_GROUPED = r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?"
_COMMA = r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?"
_GROUPED_POINTS = r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?"
_OTHER_GROUPS = r"[+-]?\d{1,3}(['_ ]\d{3})+(\.\d*)?"
_WITH_UNIT = r"\D{0,3}[+-]?\d[\d.,' ]*\s*\D{0,3}"


def refuse_missing(columns: Columns, missing: Mapping[str, Bool[np.ndarray, " n"]], targets: Collection[str]) -> None:
    """Refuse rows with missing entries in the columns that are used.

    Raises:
        BadInput: there is one; rows and columns are named.
    """
    bad = {name: np.flatnonzero(mask) for name, mask in missing.items() if mask.any()}
    if not bad:
        return
    rows = len(np.unique(np.concatenate(list(bad.values()))))
    where = joined([f'"{name}" ({columns.places.several(found.tolist())})' for name, found in bad.items()])
    inputs = [name for name in bad if name not in targets]
    advice = "Fill these entries or delete the rows" + (
        f"; or leave the column{'' if len(inputs) == 1 else 's'} out: type {option(drop=inputs[:5])}."
        if inputs
        else "."
    )
    raise BadInput(
        "source",
        required="have a value in every row of the columns that are used",
        got=f"a missing value in {rows:,} of {columns.count:,} rows, column{'' if len(bad) == 1 else 's'} {where}",
        advice=advice,
    )


def refuse_infinite(columns: Columns, name: str, values: np.ndarray) -> None:
    """Refuse entries that are infinite.

    Raises:
        BadInput: there is one.
    """
    bad = np.flatnonzero(np.isinf(values))
    if len(bad):
        raise BadInput(
            "source",
            required="hold finite numbers",
            got=f'{values[bad[0]]} in column "{name}" ({columns.places.several(bad.tolist())})',
            advice=f"Correct or delete such rows, or type {option(missing='inf')} to have them counted as missing.",
        )


def refuse_text(columns: Columns, texts: Mapping[str, Entries], *, target: bool) -> None:
    """Refuse columns that have to hold numbers and do not.

    Raises:
        BadInput: always; an entry of each column is named, and what would make it a number.
    """
    words, suggestions = [], []
    for name, entries in texts.items():
        if entries.kind != "text":
            words.append(f'{entries.kind} in column "{name}"')
            continue
        odd = _odd(entries, columns.options)
        numbers = len(entries.array) - entries.array.null_count - sum(map(len, odd.values()))
        words.append(f'{_examples(odd, columns)} in column "{name}"')
        found = _suggestions(list(odd), columns.options, among=numbers)
        suggestions += [each for each in found if each not in suggestions]
    if target:
        suggestions.append(_AS_CLASSES)
    else:
        suggestions.append(f"leave the column{'' if len(texts) == 1 else 's'} out: type {option(drop=list(texts)[:5])}")
    raise BadInput(
        "target" if target else "source",
        required="hold numbers in the column to learn" if target else "hold numbers in every column that is an input",
        got=joined(words),
        advice=_sentence(suggestions),
    )


def refuse_odd_classes(columns: Columns, name: str, entries: Entries) -> None:
    """Refuse a target of texts that looks like numbers or like names (the module says when).

    Raises:
        BadInput: it does; the entries that are no numbers are named.
    """
    texts = entries.array.to_pylist()
    odd = _odd(entries, columns.options)
    plain = len(texts) - sum(len(rows) for rows in odd.values())
    alike = plain + sum(len(rows) for text, rows in odd.items() if re.fullmatch(_WITH_UNIT, text))
    different = len(set(texts))
    if 2 * alike >= len(texts):
        raise BadInput(
            "target",
            required=f'hold numbers or classes in column "{name}"',
            got=f"{plain:,} numbers and {_examples(odd, columns)}",
            advice=_sentence([*_suggestions(list(odd), columns.options, among=plain), _AS_CLASSES]),
        )
    if different > MOST_DIFFERENT and 2 * different > len(texts):
        raise BadInput(
            "target",
            required=f'hold classes, several rows of each, in column "{name}"',
            got=f"{different:,} different texts in {len(texts):,} rows: {quoted(dict.fromkeys(texts), 3)}",
            advice=_sentence(["name another column", _AS_CLASSES]),
        )


def _odd(entries: Entries, options: ReadOptions) -> dict[str, list[int]]:
    """The texts that are no numbers, each with its rows."""
    pattern = re.compile(number_pattern(options))
    odd: dict[str, list[int]] = {}
    for row, text in enumerate(entries.array.to_pylist()):
        if text is not None and not pattern.match(text):
            odd.setdefault(text, []).append(row)
    return odd


def _examples(odd: Mapping[str, list[int]], columns: Columns) -> str:
    """The texts with the places of each: "?" (lines 3 and 9)."""
    words = [f"{quoted([text])} ({columns.places.several(rows)})" for text, rows in odd.items()]
    return joined(words, 3)


def _suggestions(texts: Sequence[str], options: ReadOptions, *, among: int) -> list[str]:
    """What would make numbers of these texts, which stand among so many numbers."""
    pattern = re.compile(number_pattern(ReadOptions(decimal=".", thousands="")))

    def any_like(*patterns: str) -> str | None:
        return next((text for text in texts if any(re.fullmatch(each, text) for each in patterns)), None)

    found = []
    either, decimal, grouped = any_like(_EITHER), any_like(_COMMA), any_like(_GROUPED)
    if options.decimal != "," and options.thousands != ",":
        if grouped and (either is None or any_like(r"[+-]?\d{1,3}(,\d{3})+\.\d*", r"[+-]?\d{1,3}(,\d{3}){2,}")):
            found.append(f"type {option(thousands=',')}")
        elif decimal and all(re.fullmatch(_EITHER, text) is None for text in texts if re.fullmatch(_COMMA, text)):
            found.append(f"type {option(decimal=',')}")
        elif either:
            found.append(
                f"type {option(thousands=',')} if {either} means {either.replace(',', '')}, or type "
                f"{option(decimal=',')} if it means {either.replace(',', '.')}"
            )
        elif any_like(_GROUPED_POINTS):
            found.append(f"type {option(decimal=',', thousands='.')}")
    groups = any_like(_OTHER_GROUPS)
    if groups and not options.thousands:
        found.append(f"type {option(thousands=next(c for c in groups if c in chr(39) + '_ '))}")
    points = options.decimal == "," and next((text for text in texts if pattern.match(text)), None)
    if points:
        found.append(f"type {option(decimal='.')}")
    markers = [text for text in texts if not any(letter.isdigit() for letter in text)]
    if among and markers and len(markers) <= 3:
        found.append(f"type {option(missing=markers if len(markers) > 1 else markers[0])} if {_stand(markers)} missing")
    elif any_like(_WITH_UNIT) and not found:
        found.append("write plain numbers, without units, into the file")
    return found


def _stand(markers: Sequence[str]) -> str:
    return f"{quoted(markers)} stands for what is" if len(markers) == 1 else f"{quoted(markers)} stand for what is"


def _sentence(suggestions: Sequence[str]) -> str:
    text = "; or ".join(suggestions)
    return f"{text[:1].upper()}{text[1:]}."
