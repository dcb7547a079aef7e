"""One record with everything a record can hold."""

import math

import numpy as np
import pytest
import xarray as xr

from softntk.records import Record
from softntk.verdicts import Answer, Verdict, at_most, does_not_apply


@pytest.fixture
def entries() -> dict:
    """The arguments of a record: NaN, infinities, text, booleans, an empty axis, one number alone."""
    arrays = xr.Dataset(
        {
            "error": (
                ("network", "width"),
                np.array([[0.5, np.nan, -0.0], [np.inf, 1e-300, 2.0]]),
                {"long_name": "relative error of the kernel"},
            ),
            "seconds": ((), np.float32(1.5), {"long_name": "time of one step", "units": "s"}),
            "converged": (("network",), np.array([True, False]), {"long_name": "whether training converged"}),
            "nothing": (("network", "failed"), np.zeros((2, 0)), {"long_name": "failed runs"}),
            "long": (("step",), np.arange(3000.0), {"long_name": "loss", "units": "days since 2000-01-01"}),
            "note": (("network",), np.array(["λ is small", ""]), {"long_name": "remark"}),
        },
        coords={
            "network": ("network", ["softmax", "relu"]),
            "width": ("width", np.array([64, 128, 256]), {"long_name": "width m"}),
            "label": ("network", ["Softmax", "ReLU"], {"long_name": "printed name"}),
        },
        attrs={"scale": 1.0, "inputs": "sphere"},
    )
    return {
        "study": "kernel_limit",
        "question": "How fast does the finite kernel reach its limit?",
        "parameters": {
            "widths": (64, np.int64(128)),
            "bound": math.inf,
            "odd": [math.nan, -math.inf, "inf", None, True],
        },
        "seeds": [0, 2**63],
        "versions": {"python": "3.11.7"},
        "arrays": arrays,
        "verdicts": [
            at_most("error is at most 1", 0.5, 1.0),
            at_most("error is at most NaN", 0.5, math.nan),
            does_not_apply("lambda is positive", "rows 3 and 7 are equal"),
            Verdict("width", Answer.ORDER_ONLY, "log10", math.inf, -math.inf),
        ],
        "findings": ["The error falls like m^(-0.50 ± 0.02)."],
        "command": "softntk reproduce --only kernel_limit",
        "seconds": 12.5,
    }


@pytest.fixture
def record(entries: dict) -> Record:
    return Record(**entries)
