import re
from xml.etree import ElementTree

from softntk.report.svg import prefixed, tidy

RAW = """<?xml version="1.0"?><!DOCTYPE svg PUBLIC "x" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="10pt" height="5pt" viewBox="0 0 10 5"
 xmlns="http://www.w3.org/2000/svg" version="1.1"><metadata>who and when</metadata>
 <defs><style type="text/css">*{stroke-linejoin: round}</style>
 <path id="glyph" d="M 1.23456 2 L -0.00001 1e-07"/></defs>
 <g id="figure_1"><!-- secret --><g id="group" clip-path="url(#clip)"><use xlink:href="#glyph" x="1.999999"/></g>
 <image xlink:href="data:image/png;base64,#glyph"/></g><defs><clipPath id="clip"><rect/></clipPath></defs></svg>"""


def test_only_what_draws_stays():
    drawn = tidy(RAW)
    for gone in ("metadata", "style", "secret", "figure_1", "group", "xlink", "DTD", "width", "pt"):
        assert gone not in drawn
    assert drawn.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 5" ')
    assert 'd="M 1.23 2 L 0 0"' in drawn
    assert "data:image/png;base64,#glyph" in drawn


def test_references_still_point_at_what_they_did():
    root = ElementTree.fromstring(prefixed(tidy(RAW), "here"))  # noqa: S314
    (use,) = root.iter("{http://www.w3.org/2000/svg}use")
    target = {element.get("id"): element.tag.rpartition("}")[2] for element in root.iter() if element.get("id")}
    assert target[use.get("href").removeprefix("#")] == "path"
    (group,) = (element for element in root.iter() if element.get("clip-path"))
    assert target[re.fullmatch(r"url\(#(.*)\)", group.get("clip-path"))[1]] == "clipPath"
    assert all(name.startswith("here-") for name in target)
