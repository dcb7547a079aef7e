import re
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Drawing

from softntk.failures import BadInput
from softntk.report.bars import PowerBars, Ranges, Stacks
from softntk.report.figure import Axis, _apart, plot
from softntk.report.marks import Level, Line, Points, Slope
from softntk.report.planes import Arrows, Dots, Field, Sheet
from softntk.report.style import OTHERS, REFERENCE, STYLES

X = np.array([1.0, 10.0, 100.0])
GRID = np.linspace(-1.0, 1.0, 4)
FLOOR = np.add.outer(GRID, GRID)
MARKS = {
    "line": [Line("softmax", X, X, X / 2, X * 2)],
    "points": [Points("relu", X, X, X / 5), Slope("slope 1", 1.0, 1.0, 100.0, 2.0)],
    "level": [Points("exponential", X, X), Level("bound", 50.0), Level("here", 10.0, upright=True)],
    "powers": [PowerBars(["digits", "iris"], {"softmax": [31.0, np.nan], "ReLU": [7.0, 9.0]})],
    "stacks": [Stacks(["a", "b"], {"bias": [1.0, 2.0], "noise": [0.5, 0.0]})],
    "ranges": [Ranges({"softmax": ([1.0, 2.0], [30.0, np.nan]), "ReLU": ([0.1, np.nan], [5.0, 6.0])})],
    "field": [Field("density", GRID, GRID, FLOOR), Arrows(GRID, GRID, FLOOR, FLOOR), Dots("data", GRID, GRID)],
    "sheet": [Sheet(np.zeros((2, 3, 8, 8)), ["a", "b"], ["1", "2", "3"])],
}
PLAIN = {"x": Axis("x"), "y": Axis("y"), "caption": "A caption.", "description": "A description."}
LOG = PLAIN | {"x": Axis("x", log=True), "y": Axis("y", log=True)}


def axes_with(*marks, log: bool = False):
    """What the marks draw, as matplotlib sees it."""
    drawing = Drawing()
    FigureCanvasSVG(drawing)
    axes = drawing.add_subplot()
    if log:
        axes.set_xscale("log")
        axes.set_yscale("log")
    return axes, [label for mark in marks for label in mark.draw(axes)]


@pytest.mark.parametrize("kind", MARKS)
def test_every_mark_draws_well_formed_deterministic_svg_without_requests(kind):
    figure = plot(*MARKS[kind], **PLAIN)
    root = ElementTree.fromstring(figure.svg)  # noqa: S314
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert figure.svg == plot(*MARKS[kind], **PLAIN).svg
    without_namespace = figure.svg.replace("http://www.w3.org/2000/svg", "")
    assert "http" not in without_namespace
    assert "<script" not in figure.svg
    assert set(re.findall(r'href="(.{5})', figure.svg)) <= {"data:", "#fig-"}
    identifiers = re.findall(r'id="([^"]+)"', figure.svg)
    assert len(set(identifiers)) == len(identifiers)
    assert {name.removeprefix("#") for name in re.findall(r"#fig-\d+", figure.svg)} == set(identifiers)


def test_the_same_text_in_another_process_and_with_other_settings_of_the_user():
    here = plot(*MARKS["line"], **PLAIN).svg
    code = """
import sys, matplotlib, numpy as np
matplotlib.rcParams.update({"font.size": 30, "axes.grid": False, "svg.fonttype": "none"})
from softntk.report import Axis, Line, plot
X = np.array([1.0, 10.0, 100.0])
line = Line("softmax", X, X, X / 2, X * 2)
sys.stdout.buffer.write(plot(line, x=Axis("x"), y=Axis("y"), caption="", description="").svg.encode())
assert matplotlib.rcParams["font.size"] == 30
assert not {"matplotlib.pyplot", "jax"} & set(sys.modules)
"""
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert there.stdout == here


def test_settings_of_matplotlib_are_as_before():
    before = dict(matplotlib.rcParams)
    plot(*MARKS["field"], **PLAIN)
    assert dict(matplotlib.rcParams) == before


def test_the_description_stands_for_the_drawing_and_cannot_break_out_of_it():
    inline = plot(*MARKS["line"], **PLAIN | {"description": 'a "quote" & <b>'}).inline("study-figure1")
    root = ElementTree.fromstring(inline)  # noqa: S314
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'a "quote" & <b>'
    assert 'id="fig-' not in inline


def test_points_stand_where_the_numbers_are():
    axes, _ = axes_with(Points("softmax", X, 2 * X, X / 10), log=True)
    (line, *_), (_, _, (bars,)) = axes.lines, axes.containers[0]
    np.testing.assert_array_equal(line.get_xydata(), np.stack([X, 2 * X], axis=1))
    np.testing.assert_allclose([segment[:, 1] for segment in bars.get_segments()], np.stack([1.9 * X, 2.1 * X], axis=1))
    assert (line.get_color(), line.get_marker()) == (STYLES["softmax"].color, STYLES["softmax"].marker)


def test_networks_have_their_looks_and_others_those_of_theory_or_of_other_things():
    _, labels = axes_with(
        Line("ReLU", X, X), Line("theorem", X, X), Points("kernel", X, X), Line("a", X, X, style=OTHERS[1])
    )
    assert [label.color for label in labels] == [
        STYLES["relu"].color,
        REFERENCE.color,
        OTHERS[0].color,
        OTHERS[1].color,
    ]


def test_a_slope_is_the_power_law():
    axes, (label,) = axes_with(Slope("slope −1/2", -0.5, 4.0, 400.0, 3.0), log=True)
    np.testing.assert_allclose(axes.lines[0].get_xydata(), [[4.0, 3.0], [400.0, 0.3]])
    assert label.height == pytest.approx(0.3)


def test_long_bands_are_thinned_without_hiding_their_extent():
    x = np.arange(10_000.0)
    high = np.ones_like(x)
    high[7777] = 9.0
    axes, _ = axes_with(Line("softmax", x, 0 * x, -high, high))
    outline = axes.collections[0].get_paths()[0].vertices
    assert len(outline) < 600
    assert outline[:, 1].max() == 9.0
    assert outline[:, 1].min() == -9.0


def test_labels_stand_at_the_last_point_that_can_be_seen():
    _, (label,) = axes_with(Line("softmax", X, [3.0, 2.0, 0.0]), log=True)
    assert label.height == 2.0
    _, (label,) = axes_with(Line("softmax", X, [3.0, 2.0, np.nan]))
    assert label.height == 2.0
    _, (label,) = axes_with(Line("softmax", X, np.full(3, np.nan)))
    assert label.height is None


@pytest.mark.parametrize("y", [np.zeros(3), np.full(3, np.nan), np.full(3, np.inf), -X])
def test_curves_with_nothing_to_show_on_a_log_axis_still_make_a_figure(y):
    plot(Line("softmax", X, y), Points("relu", X, X, 2 * X), **LOG)


@given(arrays(float, st.integers(1, 6), elements=st.floats(0, 1)), st.floats(0.01, 0.15))
def test_labels_are_moved_apart_and_no_further_than_needed(places, gap):
    moved = _apart(places, gap)
    order = np.argsort(places, kind="stable")
    assert (np.diff(moved[order]) >= gap - 1e-9).all()
    assert moved.min() >= -1e-9
    assert moved.max() <= 1 + 1e-9
    if (np.diff(places[order]) >= gap).all():
        np.testing.assert_allclose(moved, places, atol=1e-12)


def test_two_labels_at_one_place_move_by_half_a_line_each():
    np.testing.assert_allclose(_apart(np.array([0.5, 0.5]), 0.1), [0.45, 0.55])


def test_bars_are_as_long_as_their_log10():
    axes, labels = axes_with(PowerBars(["digits", "iris"], {"softmax": [31.7, np.nan], "ReLU": [7.0, -2.0]}))
    assert [bar.get_width() for bar in axes.patches] == [31.7, 0.0, 7.0, -2.0]
    assert [text.get_text() for text in axes.texts] == ["5 × 10³¹", "does not apply", "1 × 10⁷", "0.01"]
    assert [label.text for label in labels] == ["softmax", "ReLU"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["digits", "iris"]


def test_a_range_goes_from_low_to_high_and_on_to_the_edge_where_nothing_was_found():
    axes, _ = axes_with(Ranges({"softmax": ([1.0, 2.0, np.nan], [30.0, np.inf, 5.0])}))
    ends = [line.get_xdata().tolist() for line in axes.lines]
    assert ends[0] == [1.0, 30.0]
    assert ends[1][0] == 2.0
    assert ends[1][1] == axes.get_xlim()[1] > 30.0
    assert len(ends) == 2


@pytest.mark.parametrize("place", [[10.0], [200.0]])
def test_one_point_makes_a_figure(place):
    for axes in (PLAIN, LOG):
        plot(Points("softmax", place, [2.0], [0.3]), **axes)
        plot(Points("softmax", place, [2.0], [0.0]), Line("ReLU", place, [2.0], [1.0], [3.0]), **axes)


def test_stacks_start_where_the_last_part_ended():
    axes, _ = axes_with(Stacks(["a", "b"], {"bias": [1.0, 2.0], "noise": [0.5, 0.25]}))
    assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [(0, 1.0), (0, 2.0), (1.0, 0.5), (2.0, 0.25)]


def test_a_field_puts_each_value_at_its_point():
    x, y = np.array([0.0, 1.0, 2.0]), np.array([10.0, 20.0])
    axes, _ = axes_with(Field("f", x, y, [[1.0, 2.0, 3.0], [4.0, 5.0, np.nan]]))
    (image,) = axes.images
    assert image.get_extent() == [-0.5, 2.5, 5.0, 25.0]
    assert image.origin == "lower"
    assert image.get_array()[1, 0] == 4.0


def test_a_centered_field_has_white_at_zero():
    axes, _ = axes_with(Field("f", GRID, GRID, FLOOR - 0.5, centered=True))
    norm = axes.images[0].norm
    assert norm(0.0) == 0.5
    assert norm(FLOOR.min() - 0.5) == 0.0


def test_a_log_field_leaves_out_what_is_not_positive():
    values = np.add.outer(np.arange(4.0), np.arange(4.0)) - 2.0
    axes, _ = axes_with(Field("f", GRID, GRID, values, log=True))
    image = axes.images[0]
    np.testing.assert_array_equal(image.get_array().mask, values <= 0)
    assert (image.norm.vmin, image.norm.vmax) == (1.0, 4.0)


def test_a_sheet_puts_images_side_by_side():
    images = np.arange(12.0).reshape(2, 3, 1, 2)
    axes, _ = axes_with(Sheet(images, ["a", "b"], ["1", "2", "3"], low=0.0, high=11.0))
    np.testing.assert_array_equal(
        axes.images[0].get_array(), [[0, 1, 11, 2, 3, 11, 4, 5], [11] * 8, [6, 7, 11, 8, 9, 11, 10, 11]]
    )
    np.testing.assert_array_equal(axes.get_xticks(), [0.5, 3.5, 6.5])


@pytest.mark.parametrize(
    "mark",
    [
        Line("softmax", X, X[:2]),
        Points("softmax", X, np.ones((3, 1))),
        PowerBars(["a"], {"softmax": [1.0, 2.0]}),
        PowerBars([], {"softmax": []}),
        Ranges({"softmax": ([np.nan, 0.0], [np.nan, -1.0])}),
        Stacks(["a"], {"bias": [-1.0]}),
        Stacks(["a"], {"bias": [np.nan]}),
        Field("f", GRID, GRID[:3], FLOOR),
        Field("f", GRID**3, GRID, FLOOR),
        Field("f", GRID, GRID, np.full((4, 4), np.nan)),
        Field("f", GRID, GRID, -np.ones((4, 4)), log=True),
        Sheet(np.zeros((2, 8, 8))),
    ],
)
def test_what_cannot_be_drawn_is_refused(mark):
    with pytest.raises(BadInput):
        plot(mark, **PLAIN)


def test_a_figure_needs_a_mark():
    with pytest.raises(BadInput):
        plot(**PLAIN)
