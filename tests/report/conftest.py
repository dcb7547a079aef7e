"""Records that a page can be made of."""

import numpy as np
import pytest
import xarray as xr

from softntk.records import Record
from softntk.verdicts import at_most, does_not_apply, order_only


def _record(study: str = "new_study", **changes) -> Record:
    widths = np.array([64, 256, 1024, 4096])
    scales = np.array([2.0, 6.0, 0.5])[:, None]
    arrays = xr.Dataset(
        {
            "error": (("features", "width"), scales * widths**-0.5, {"long_name": "relative error"}),
            "error_se": (("features", "width"), 0.1 * scales * widths**-0.5, {"long_name": "standard error of it"}),
            "converged": (("features",), np.array([True, True, False]), {"long_name": "converged"}),
            "remark": (("features",), ["a", "b", "c"], {"long_name": "remark"}),
            "missing": (("width",), np.full(4, np.nan), {"long_name": "never measured", "units": "s"}),
        },
        coords={"features": ["softmax", "exponential", "relu"], "width": widths},
    )
    entries = {
        "study": study,
        "question": f"What does {study} ask?",
        "parameters": {"widths": widths.tolist(), "step": {"name": "stable", "factor": 0.9}},
        "seeds": range(16),
        "versions": {"softntk": "0.1.0", "numpy": "2"},
        "arrays": arrays,
        "verdicts": [
            at_most("the error is small", 0.1, 1.0),
            order_only("the error falls like 1/sqrt(m)", "constant 1"),
            does_not_apply("lambda is positive", "two rows are equal"),
        ],
        "findings": [f"The error of {study} is 0.031 ± 0.002.", "A second finding."],
        "command": f"softntk reproduce --only {study}",
        "seconds": 1.5,
    } | changes
    entries["seeds"] = list(entries["seeds"])
    return Record(**entries)


@pytest.fixture
def make_record():
    """A record of a study, with other entries where asked."""
    return _record


@pytest.fixture
def record() -> Record:
    return _record()
