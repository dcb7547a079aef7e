"""Render formulas as MathML, which browsers draw themselves: no script, nothing fetched from elsewhere."""

from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer under the name `mathml`."""

    def inline(translator: Any, node: nodes.Element) -> None:
        translator.body.append(tex2mathml(node.astext()))
        raise nodes.SkipNode

    def block(translator: Any, node: nodes.Element) -> None:
        translator.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
        raise nodes.SkipNode

    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
