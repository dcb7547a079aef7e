"""How things look, the same in every figure.

The three networks differ in color, marker and dash, so that they are told apart without color too. Their colors have a
contrast of at least 4.5 to white and stay apart in the three common kinds of color blindness. Every color has a lighter
one of the same hue for dark pages: drawings hold the light ones, the page names them (`by_scheme`) and its style sheet
says which is shown (`scheme`).
"""

import re
from dataclasses import dataclass
from typing import Any

__all__ = ["DARK", "OTHERS", "REFERENCE", "REFERENCES", "STYLE", "STYLES", "Style", "by_scheme", "scheme"]


@dataclass(frozen=True)
class Style:
    """Color, marker and dash of one kind of thing."""

    color: str
    marker: str
    dash: Any = "-"


#: Name of a feature -> its style.
STYLES = {
    "softmax": Style("#1d4ed8", "o", "-"),
    "exponential": Style("#c2410c", "s", (0, (5, 1.6))),
    "relu": Style("#0f766e", "^", (0, (5, 1.4, 1.2, 1.4))),
}

#: Theory, bounds and other lines that nobody measured.
REFERENCE = Style("#57534e", "", (0, (1.2, 1.6)))

#: Several of them in one figure, in this order.
REFERENCES = (
    REFERENCE,
    Style("#57534e", "", (0, (6, 2))),
    Style("#57534e", "", (0, (6, 1.6, 1.2, 1.6))),
    Style("#57534e", "", (0, (6, 1.4, 1.2, 1.4, 1.2, 1.4))),
)

#: Further things, in this order.
OTHERS = (
    Style("#334155", "o", "-"),
    Style("#9d174d", "D", (0, (5, 1.6))),
    Style("#7c5e10", "v", (0, (5, 1.4, 1.2, 1.4))),
    Style("#6d28d9", "P", (0, (2.5, 1.2))),
)

#: Settings for matplotlib. A figure of 4.6 inches is 331 points wide; on a phone of 360 pixels it is shown at nearly
#: that size, so fonts of 10 to 11 points stay legible there.
STYLE: dict[str, Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "softntk",
    "figure.dpi": 72,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "font.size": 10.5,
    "axes.labelsize": 10.5,
    "axes.titlesize": 10.5,
    "axes.titlepad": 7,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#44403c",
    "axes.labelcolor": "#292524",
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e7e5e4",
    "grid.linewidth": 0.7,
    "xtick.color": "#44403c",
    "ytick.color": "#44403c",
    "text.color": "#292524",
    "lines.linewidth": 1.9,
    "lines.markersize": 5.5,
    "axes.xmargin": 0.03,
    "axes.formatter.use_mathtext": True,
    "image.interpolation": "none",
    "legend.frameon": False,
}

#: Color on white paper -> color on dark paper; white edges between marks become the paper.
DARK = {
    "#1d4ed8": "#8ab0ff",
    "#c2410c": "#ff9a62",
    "#0f766e": "#4fd1c0",
    "#57534e": "#b8b2ab",
    "#334155": "#c3cfdf",
    "#9d174d": "#f49ac1",
    "#7c5e10": "#e2bf62",
    "#6d28d9": "#c4a7fb",
    "#44403c": "#a8a29c",
    "#292524": "#e7e4e1",
    "#e7e5e4": "#3a3633",
    "#d6d3d1": "#4a4643",
    "#ffffff": "#201d1b",
}
_COLOR = re.compile("|".join(DARK))


def by_scheme(svg: str) -> str:
    """The drawing with its colors as variables, which `scheme` sets."""
    return _COLOR.sub(lambda found: f"var(--c{found[0][1:]})", svg)


def scheme(*, dark: bool) -> str:
    """The variables of all colors, for a style sheet."""
    return "; ".join(f"--c{light[1:]}: {shade if dark else light}" for light, shade in DARK.items())
