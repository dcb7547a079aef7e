import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from softntk.failures import BadInput
from softntk.records import Record, installed_versions


def test_a_record_does_not_change_with_what_it_was_made_of(entries):
    record = Record(**entries)
    entries["parameters"]["odd"].append(1)
    entries["arrays"]["error"][0, 0] = 7.0
    entries["findings"].append("later")
    assert len(record.parameters["odd"]) == 5
    assert record.arrays["error"].values[0, 0] == 0.5
    assert record.findings == ("The error falls like m^(-0.50 ± 0.02).",)


def test_numpy_numbers_become_numbers(record):
    assert record.parameters["widths"] == [64, 128]
    assert type(record.parameters["widths"][1]) is int


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("study", "../../etc"),
        ("study", "Kernel limit"),
        ("study", ""),
        ("question", " "),
        ("question", "a\0b"),
        ("question", "\ud800"),
        ("parameters", {"function": print}),
        ("parameters", {1: 2}),
        ("parameters", {"array": np.zeros(3)}),
        ("parameters", {"$float": "nan"}),
        ("parameters", [1]),
        ("seeds", [0.5]),
        ("seeds", [True]),
        ("seeds", 3),
        ("versions", {"python": 3}),
        ("verdicts", ["holds"]),
        ("findings", "one sentence"),
        ("findings", [""]),
        ("command", ""),
        ("seconds", -1.0),
        ("seconds", float("nan")),
        ("arrays", {"error": [1.0]}),
        ("arrays", xr.Dataset({"error": (("dim_0",), [1.0], {"long_name": "e"})})),
        ("arrays", xr.Dataset({"error": (("width",), [1.0])})),
        ("arrays", xr.Dataset({"a/b": (("width",), [1.0], {"long_name": "e"})})),
        ("arrays", xr.Dataset({"error": (("width",), [1.0 + 1j], {"long_name": "e"})})),
        ("arrays", xr.Dataset({"error": (("width",), np.array([{}], object), {"long_name": "e"})})),
        ("arrays", xr.Dataset({"error": (("width",), np.array(["2020"], "M8[ns]"), {"long_name": "e"})})),
        ("arrays", xr.Dataset({"error": (("width",), [1.0], {"long_name": "e", "list": [1]})})),
        ("arrays", xr.Dataset({"error": (("width",), [1], {"long_name": "e", "scale_factor": 2.0})})),
        ("arrays", xr.Dataset({"error": (("width",), ["a\0b"], {"long_name": "e"})})),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_entries_that_could_not_be_stored_are_refused(entries, name, value):
    with pytest.raises(BadInput) as failure:
        Record(**entries | {name: value})
    assert name.rstrip("s") in failure.value.argument
    assert failure.value.advice


def test_versions_are_those_of_the_running_programs():
    versions = installed_versions(("numpy", "no-such-package"))
    assert versions["numpy"] == np.__version__
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert versions["no-such-package"] == "not installed"


def test_importing_records_imports_no_jax():
    code = "import sys, softntk.records; sys.exit('jax' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
