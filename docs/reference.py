"""Write the reference pages from the docstrings: one Markdown page per package, with the names that it exports.

Only the source is read, nothing is imported. What stands in the `__all__` of a module and is not exported by its
package is for those who read the source; it is not on the pages. Every name in an `__all__` needs words, or the build
stops: a docstring, or a `#:` comment above a constant. In docstrings, indented blocks are formulas, and what follows
`Arguments:` or `Raises:` is a list.
"""

import ast
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "softntk"
FENCE = "`" * 5
SECTIONS = ("Arguments", "Attributes", "Raises", "Returns")

Definition = ast.FunctionDef | ast.ClassDef


class Undocumented(Exception):
    """Public names without a docstring."""


@dataclass(frozen=True)
class Name:
    """A public name: how it is written down, what is said of it, and, for a class, its members."""

    kind: str
    signature: str
    docstring: str
    members: tuple["Name", ...] = ()

    @property
    def bare(self) -> str:
        """The name alone."""
        return re.split(r"[(: ]", self.signature)[0]

    def page(self) -> str:
        """The name as a Sphinx directive with Markdown inside."""
        fence = FENCE + ("`" if self.members else "")
        inside = "\n\n".join([markdown(self.docstring), *(member.page() for member in self.members)])
        return f"{fence}{{py:{self.kind}}} {self.signature}\n{inside}\n{fence}"


@dataclass(frozen=True)
class Module:
    """One module: its dotted name, its docstring, and the public names that it defines itself."""

    name: str
    docstring: str
    names: tuple[Name, ...]
    exported: tuple[str, ...]


def read(path: Path) -> Module:
    """Read one module; raise `Undocumented` if it or a public name of it has no docstring."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    dotted = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    exported = _exported(tree)
    found = {name.bare: name for name in _names(tree, text.splitlines())}
    names = tuple(found[name] for name in exported if name in found)
    missing = [name.signature for name in names if not name.docstring]
    if missing or not ast.get_docstring(tree):
        raise Undocumented(f"{dotted}: {', '.join(missing) or 'the module'}")
    return Module(dotted, ast.get_docstring(tree) or "", names, exported)


def packages() -> dict[str, list[Module]]:
    """Package -> its modules, the package itself first; `softntk` holds the modules on the top.

    The command line is left out: its face is its commands.
    """
    result: dict[str, list[Module]] = {}
    for path in sorted(SOURCE.rglob("*.py"), key=lambda p: (p.parent, p.name != "__init__.py", p.name)):
        parts = path.relative_to(SOURCE).parts
        if parts[0] in ("cli", "__main__.py"):
            continue
        result.setdefault(".".join(["softntk", *parts[:1]]) if len(parts) > 1 else "softntk", []).append(read(path))
    return result


def page(package: str, modules: list[Module]) -> str:
    """The Markdown page of one package: its words, and its exported names module by module."""
    parts = [f"# `{package}`"]
    exported = {name for module in modules if module.name == package for name in module.exported}
    for module in modules:
        shown = [name for name in module.names if package == "softntk" or name.bare in exported]
        if module.name == package:
            parts.append(markdown(module.docstring))
            if module.exported:
                listed = textwrap.fill(", ".join(module.exported), 88, initial_indent="    ", subsequent_indent="    ")
                parts.append(f"```python\nfrom {package} import (\n{listed}\n)\n```")
        elif shown:
            parts += [f"## `{module.name}`", markdown(module.docstring)]
        if shown:
            parts += [f"```{{py:module}} {module.name}\n```", *(name.page() for name in shown)]
    return "\n\n".join(parts) + "\n"


def write(folder: Path) -> None:
    """Write all pages and their index into a folder, leaving alone what would not change."""
    folder.mkdir(exist_ok=True)
    pages = {name: page(name, modules) for name, modules in packages().items()}
    toctree = "\n".join(["```{toctree}", *pages, "```"])
    pages["index"] = f"# Reference\n\nEvery public name, from its docstring.\n\n{toctree}\n"
    for stale in {path.stem for path in folder.glob("*.md")} - set(pages):
        (folder / f"{stale}.md").unlink()
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def markdown(docstring: str) -> str:
    """A docstring as Markdown: its lists of arguments and failures become lists."""
    lines: list[str] = []
    section = ""
    for line in docstring.splitlines():
        header = line.rstrip().removesuffix(":")
        if line.rstrip().endswith(":") and header in SECTIONS:
            section = header
            lines += [f"**{header}**", ""]
        elif section and line.startswith("    "):
            item = re.fullmatch(r" {4}(\S[^:]*): (.*)", line)
            lines.append(f"- `{item[1]}`: {item[2]}" if item else line[2:])
        else:
            section = section if not line.strip() else ""
            lines.append(line)
    return "\n".join(lines)


def _exported(tree: ast.Module) -> tuple[str, ...]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return tuple(ast.literal_eval(node.value)) if isinstance(node.value, ast.List) else ()
    return ()


def _names(tree: ast.Module, lines: list[str]) -> list[Name]:
    names = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            names.append(_function(node, "function"))
        elif isinstance(node, ast.ClassDef):
            names.append(_class(node))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                said = _comment_above(node.lineno, lines) or _own_words(node.value)
                names.append(Name("data", target.id, said))
    return names


def _function(node: ast.FunctionDef, kind: str) -> Name:
    arguments = ast.unparse(node.args).replace("'", '"')
    if kind == "method":
        arguments = re.sub(r"^(self|cls)(, )?", "", arguments)
    returns = f" -> {ast.unparse(node.returns)}".replace("'", '"') if node.returns else ""
    decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
    if "property" in decorators:
        return Name("property", node.name, ast.get_docstring(node) or "")
    return Name(kind, f"{node.name}({arguments}){returns}", ast.get_docstring(node) or "")


def _class(node: ast.ClassDef) -> Name:
    methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
    start = next((method for method in methods if method.name == "__init__"), None)
    fields = [
        ast.unparse(part).replace("'", '"')
        for part in node.body
        if isinstance(part, ast.AnnAssign)
        and "ClassVar" not in ast.unparse(part.annotation)
        and isinstance(part.target, ast.Name)
        and not part.target.id.startswith("_")
    ]
    # A default such as field(static=True) tells a reader nothing.
    arguments = ", ".join(re.sub(r" = (eqx\.)?field\(.*\)$", "", field) for field in fields)
    if start:
        arguments = _function(start, "method").signature.removeprefix("__init__(").rsplit(")", 1)[0]
    public = [method for method in methods if not method.name.startswith("_") or method.name == "__call__"]
    # A method that answers an interface needs no words of its own.
    members = tuple(_function(method, "method") for method in public if ast.get_docstring(method))
    return Name("class", f"{node.name}({arguments})", ast.get_docstring(node) or "", members)


def _comment_above(line: int, lines: list[str]) -> str:
    words: list[str] = []
    for text in reversed(lines[: line - 1]):
        if not text.startswith("#:"):
            break
        words.insert(0, text.removeprefix("#:").strip())
    return "\n".join(words)


def _own_words(value: ast.expr | None) -> str:
    """Some constants say what they are: a guarantee its statement, a study its question, a tuple its members."""
    if isinstance(value, ast.Call):
        named = [keyword.value for keyword in value.keywords if keyword.arg in ("statement", "question")]
        texts = [text.value for text in (named or value.args) if isinstance(text, ast.Constant)]
        return next((str(text) for text in texts if " " in str(text)), "")
    if isinstance(value, ast.Tuple):
        return "Holds " + ", ".join(f"`{ast.unparse(part)}`" for part in value.elts) + "."
    return ""
