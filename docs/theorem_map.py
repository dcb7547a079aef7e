"""Write the map of the theorems, and the table of the numbers they ask for, from `softntk.theorems`."""

from pathlib import Path

from softntk.theorems.guarantee import Guarantee
from softntk.theorems.symbols import SYMBOLS
from softntk.theorems.table import GUARANTEES


def write(folder: Path) -> None:
    """Write `theorems.md` and `numbers.md` into a folder."""
    folder.mkdir(exist_ok=True)
    rows = [f"- [{g.title}](#{g.name}): {g.kind}, {g.origin}" for g in GUARANTEES.values()]
    parts = ["\n".join(rows), *(section(guarantee) for guarantee in GUARANTEES.values())]
    (folder / "theorems.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    numbers = "\n".join(f"- `{name}`: {meaning}" for name, meaning in SYMBOLS.items())
    (folder / "numbers.md").write_text(numbers + "\n", encoding="utf-8")


def section(guarantee: Guarantee) -> str:
    """One statement, with everything a reader needs to judge it."""
    hypotheses = [f"- {each.statement}{f' ({each.formula})' if each.formula else ''}" for each in guarantee.hypotheses]
    promises = [f"- `{name}`: {meaning}" for name, meaning in guarantee.promises.items()]
    needed = ", ".join(f"`{name}`" for name in guarantee.required) or "nothing"
    parts = [
        f"({guarantee.name})=\n## {guarantee.title}",
        f"`{guarantee.name}`, {guarantee.kind}, {guarantee.origin}. {guarantee.reference}.",
        guarantee.statement,
        f"```text\n{guarantee.conclusion}\n```",
        "Hypotheses:\n\n" + "\n".join(hypotheses) if hypotheses else "",
        f"Evaluated on {needed}, it promises:\n\n" + "\n".join(promises),
        guarantee.note,
    ]
    return "\n\n".join(part for part in parts if part)
