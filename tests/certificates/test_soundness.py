"""The campaign of benchmarks/soundness.py in small: no certificate is wrong, and missing factors are noticed."""

import importlib.util
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.optimized

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "soundness.py"


@pytest.fixture(scope="module")
def soundness():
    spec = importlib.util.spec_from_file_location("soundness", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["soundness"] = module
    spec.loader.exec_module(module)
    return module


def test_no_certificate_is_wrong(soundness):
    tallies = soundness.campaign(90, seed=1, shapes=((3, 2, 2, 512), (6, 30, 1, 128)), steps=20)
    for name, tally in tallies.items():
        assert tally.tried == 30
        assert tally.certified >= 10, name
        assert tally.violations == {}, name
        assert tally.tightness["decrease"] > 0.99, name
        assert tally.tightness["contraction"] > 0.9, name
        assert tally.tightness["path"] > 0.5, name
        assert tally.tightness["jump" if name == "relu" else "slope"] > 0.5, name


def test_missing_factors_are_noticed(soundness):
    tallies = soundness.campaign(60, seed=2, shapes=((3, 2, 2, 512), (6, 30, 1, 128)), steps=20)
    for label in soundness.CONTROLS:
        assert sum(tally.caught.get(label, 0) for tally in tallies.values()) > 0, label
