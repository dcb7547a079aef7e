"""The report: one self-contained page made of records."""

from softntk.report.bars import PowerBars, Stacks
from softntk.report.figure import Axis, Figure, plot
from softntk.report.marks import Level, Line, Points, Slope
from softntk.report.numbers import from_log10, number, plus_minus, power_of_ten
from softntk.report.page import render, write_page
from softntk.report.planes import Arrows, Dots, Field, Sheet
from softntk.report.section import Section, Table
from softntk.report.style import OTHERS, REFERENCE, REFERENCES, STYLES, Style

__all__ = [
    "OTHERS",
    "REFERENCE",
    "REFERENCES",
    "STYLES",
    "Arrows",
    "Axis",
    "Dots",
    "Field",
    "Figure",
    "Level",
    "Line",
    "Points",
    "PowerBars",
    "Section",
    "Sheet",
    "Slope",
    "Stacks",
    "Style",
    "Table",
    "from_log10",
    "number",
    "plot",
    "plus_minus",
    "power_of_ten",
    "render",
    "write_page",
]
