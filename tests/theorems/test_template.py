"""The fill-in template for a new theorem runs as it is and follows the rules of the table."""

import runpy
from pathlib import Path

from softntk.theorems import GUARANTEES, SYMBOLS

TEMPLATE = Path(__file__).parents[2] / "docs" / "templates" / "theorem.py"


def test_template_runs(capsys):
    module = runpy.run_path(str(TEMPLATE), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "the curvature is positive, lambda > 0: met (0.5 > 0)"
    assert "taken as given" in lines[2]
    assert "holds" in lines[3]
    assert "does not apply" in lines[4]
    (guarantee,) = module["GUARANTEES"]
    assert set(guarantee.symbols) <= set(SYMBOLS)
    assert guarantee.name not in GUARANTEES
