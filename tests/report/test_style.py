from itertools import combinations

import numpy as np
import pytest

from softntk.networks.features import FEATURES
from softntk.report.style import DARK, OTHERS, REFERENCE, STYLES, by_scheme, scheme

# Machado, Oliveira, Fernandes (2009), severity 1: linear RGB as seen with protanopia, deuteranopia, tritanopia.
SEEN = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
)


def linear(color: str) -> np.ndarray:
    part = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    x, y, z = np.cbrt(TO_XYZ @ np.clip(light, 1e-4, 1) / [0.95047, 1, 1.08883])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_every_network_has_a_look():
    assert STYLES.keys() == FEATURES.keys()


@pytest.mark.parametrize("style", [*STYLES.values(), *OTHERS, REFERENCE], ids=lambda style: style.color)
def test_colors_are_legible_as_text_on_white(style):
    luminance = linear(style.color) @ [0.2126, 0.7152, 0.0722]
    assert 1.05 / (luminance + 0.05) >= 4.5


@pytest.mark.parametrize("kind", SEEN)
def test_networks_are_told_apart_with_every_kind_of_color_vision(kind):
    seen = [lab(np.array(SEEN[kind]) @ linear(style.color)) for style in STYLES.values()]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= 15


def test_networks_are_told_apart_without_color():
    assert len({style.marker for style in STYLES.values()}) == len({style.dash for style in STYLES.values()}) == 3


def test_every_color_has_one_for_dark_paper_that_is_seen_there():
    def luminance(color: str) -> float:
        part = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in part]
        return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]

    paper = luminance(DARK["#ffffff"])
    for style in (*STYLES.values(), *OTHERS, REFERENCE):
        assert (luminance(DARK[style.color]) + 0.05) / (paper + 0.05) >= 4.5
    shown = by_scheme(f'<path style="fill: {REFERENCE.color}; stroke: #ffffff"/>')
    assert shown == '<path style="fill: var(--c57534e); stroke: var(--cffffff)"/>'
    assert "--c57534e: #b8b2ab" in scheme(dark=True)
