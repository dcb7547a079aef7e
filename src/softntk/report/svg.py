"""Make matplotlib's SVG fit to stand inside a page.

Several drawings share one page, so identifiers must not clash, and rules in one drawing must not reach the rest:

- identifiers that nothing refers to go, the others become `fig-0`, `fig-1`, ... for the page to put a prefix on;
- metadata, comments, the XML head and the style rule for `*` go; what the rule says becomes attributes of the root;
- coordinates keep two decimals, a hundredth of a point;
- `xlink:href` becomes `href`, sizes in points go (the page decides), the viewBox stays.
"""

import re
from xml.etree import ElementTree

__all__ = ["prefixed", "tidy"]

_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def tidy(svg: str) -> str:
    """The drawing without its head, with few and short identifiers."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - matplotlib wrote it a moment ago, from our own marks
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = _local(element.tag)
        element.attrib = {_local(key): value for key, value in element.attrib.items()}
        element.text = element.tail = None if not (element.text or "").strip() else element.text
    names = {name: f"fig-{i}" for i, name in enumerate(dict.fromkeys(_referred(root)))}
    for element in root.iter():
        attributes = {}
        for key, value in element.attrib.items():
            if key == "id":
                if value in names:
                    attributes[key] = names[value]
            elif key == "href" and value.startswith("#"):
                attributes[key] = "#" + names[value[1:]]
            elif key in ("d", "x", "y"):
                attributes[key] = _DECIMAL.sub(_rounded, value)
            else:
                attributes[key] = _REFERENCE.sub(lambda found: f"url(#{names[found[1]]})", value)
        element.attrib = attributes
    _flatten(root)
    root.attrib = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": root.attrib["viewBox"],
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    return ElementTree.tostring(root, encoding="unicode")


def prefixed(svg: str, prefix: str) -> str:
    """The tidy drawing with `prefix` in place of `fig` in its identifiers."""
    return svg.replace('id="fig-', f'id="{prefix}-').replace("#fig-", f"#{prefix}-")


def _rounded(found: re.Match[str]) -> str:
    number = round(float(found[0]), 2) + 0.0  # -0.0 + 0.0 is 0.0
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _referred(root: ElementTree.Element) -> list[str]:
    found = []
    for element in root.iter():
        for key, value in element.attrib.items():
            if key == "href" and value.startswith("#"):
                found.append(value[1:])
            else:
                found += _REFERENCE.findall(value)
    return found


def _flatten(element: ElementTree.Element) -> None:
    """Replace groups without attributes by what they hold."""
    for child in list(element):
        _flatten(child)
    kept: list[ElementTree.Element] = []
    for child in element:
        kept += list(child) if child.tag == "g" and not child.attrib else [child]
    element[:] = kept
