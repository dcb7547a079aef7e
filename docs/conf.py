"""How Sphinx builds these pages."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import command_map  # noqa: E402
import reference  # noqa: E402
import theorem_map  # noqa: E402

project = "softntk"
author = "The softntk developers"
copyright = "The softntk developers"  # noqa: A001
extensions = ["myst_parser", "mathml"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["generated", "templates"]
html_math_renderer = "mathml"
html_theme = "furo"
html_title = "softntk"
add_module_names = False
python_maximum_signature_line_length = 88
suppress_warnings = ["ref.python"]  # two rooms may each have a Table

reference.write(HERE / "reference")
theorem_map.write(HERE / "generated")
command_map.write(HERE / "generated")
