"""Write the page of the commands, from the command line itself."""

from pathlib import Path
from typing import Any

import typer

from softntk.cli.app import app


def write(folder: Path) -> None:
    """Write `commands.md` into a folder."""
    folder.mkdir(exist_ok=True)
    program = typer.main.get_command(app)
    sections = [section(name, command) for name, command in program.commands.items()]
    (folder / "commands.md").write_text("\n\n".join(sections) + "\n", encoding="utf-8")


def section(name: str, command: Any) -> str:
    """One command: what it does, its arguments and options with their defaults."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    usage = " ".join(["softntk", name, *(str(p.name).upper() for p in arguments), "[OPTIONS]"])
    lines = [f"- `{' '.join(p.opts)}`: {_help(p)}" for p in options]
    named = [f"- `{p.name}`: {_help(p)}" for p in arguments]
    return "\n\n".join([f"## `softntk {name}`", command.help or "", f"```text\n{usage}\n```", "\n".join(named + lines)])


def _help(parameter: Any) -> str:
    text = getattr(parameter, "help", None) or ""
    default = parameter.default
    said = default is None or default is False or default == () or callable(default)
    return text if said else f"{text} Default: `{default}`."
