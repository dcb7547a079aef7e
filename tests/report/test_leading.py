"""The opening picture and the section on normalization, on records that are known by hand."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import adverse
from softntk.records import Record
from softntk.report.sections import build_leading, build_opening, normalization, opening

NETWORKS = ["softmax", "exponential", "relu"]
DRAWS = np.array([1.0, 1.1, 0.9, 1.05, 0.95])


def record_of(study: str, arrays: dict, coords: dict, parameters: dict) -> Record:
    found = {name: (dims, values, {"long_name": name}) for name, (dims, values) in arrays.items()}
    return Record(
        study=study,
        question="What is seen?",
        parameters={"samples": 4, "input_size": 3, "width": 64, "loss": 1e-3} | parameters,
        seeds=[0],
        versions={},
        arrays=xr.Dataset(found, coords={"features": NETWORKS} | coords),
        verdicts=[],
        findings=["A finding."],
        command=f"softntk reproduce --only {study}",
        seconds=1.0,
    )


@pytest.fixture
def region() -> Record:
    """Inner radii of 4, 8 and 1/2 paths, outer ones of 100; losses exactly, and 10 % off, their linearization."""
    dims, step = ("features", "width", "draw"), np.array([0, 10, 20])
    each = np.broadcast_to(DRAWS, (3, 1, 5))
    loss = each[..., None] * 0.5 ** (step / 10)
    change = np.array([0.1, 0.2, 0.05])[:, None, None, None] * each[..., None] * np.array([0.1, 1.0, 10.0])
    arrays = {
        "smallest": (dims, each),
        "path": (dims, 0.1 * each),
        "inner": (dims, np.array([0.4, 0.8, 0.05])[:, None, None] * each**2),
        "outer": (dims, 10 * each),
        "moved": (dims, 0.1 * each),
        "evaluations": (dims, 30 + 0 * each),
        "change": ((*dims, "distance"), change),
        "loss": ((*dims, "step"), loss * np.array([1.0, 1.0, 1.1])[:, None, None, None]),
        "linearized_loss": ((*dims, "step"), loss),
    }
    return record_of("convex_region", arrays, {"width": [64], "distance": [0.1, 1.0, 10.0], "step": step}, {})


@pytest.fixture
def scales() -> Record:
    """At sigma |x| = 1 all are alike; at 8 the condition is 30 for softmax, 10^9 for exponential, 20 for ReLU."""
    dims = ("features", "draw", "scale")
    grown = np.stack([np.outer(DRAWS, [10.0, end]) for end in (30.0, 1e9, 20.0)])
    arrays = {
        "h": (dims, np.stack([np.outer(DRAWS, [0.4, end]) for end in (0.3, 0.9, 0.8)])),
        "condition": (dims, grown),
        "steps": (dims, grown),
        "condition_of_norms": (("features", "draw", "spread"), grown),
    }
    return record_of("scales", arrays, {"scale": [1.0, 8.0], "spread": [1.0, 8.0]}, {})


def test_the_opening_says_who_has_the_larger_region_and_turns_around_with_it(region):
    answer = build_opening([region]).answer
    assert "ReLU 0.500" in answer
    assert "softmax's is smaller than the exponential network's" in answer
    assert "both smooth networks have a larger one than ReLU" in answer
    assert "softmax 0 = exponential 0 < ReLU 10.0" in answer
    turned = region.arrays.assign(inner=region.arrays["inner"].copy(data=region.arrays["inner"].values[::-1]))
    answer = build_opening([replace(region, arrays=turned)]).answer
    assert "softmax's is smaller than the exponential network's" in answer
    assert "none of 2 smooth networks" in answer or "1 of 2 smooth networks has a larger one" in answer


def test_brackets_that_overlap_decide_nothing(region):
    assert "is not decided: 4.0 to 100 against 0.50 to 100 paths" in build_opening([region]).findings[0]
    apart = region.arrays.assign(outer=region.arrays["outer"] * np.array([1.0, 1.0, 0.001])[:, None, None])
    finding = build_opening([replace(region, arrays=apart)]).findings[0]
    assert "softmax's region is larger than that of ReLU" in finding


def test_what_normalization_does_is_counted_for_and_against(region, scales):
    section = build_leading([scales, region])
    first, second = section.answer.split("Where sigma |x| grows")
    assert "softmax is ahead of the exponential network in 1 of 2 measures and behind in 1" in first
    assert "softmax is ahead of the exponential network in 3 of 3 measures and behind in 0" in second
    assert "both smooth networks are ahead in 1 of 2 measures, behind in 1." in section.answer
    row = next(row for row in section.tables[0].rows if "sigma |x| = 8" in row[0])
    assert row[1:] == ["30.0", "1.00 × 10⁹", "20.0", "softmax", "ReLU"]
    assert build_leading([]) is None
    assert build_opening([scales]) is None


def test_their_words_go_with_the_records(region, scales, monkeypatch):
    adverse.check(opening.build, region, monkeypatch)
    adverse.check(lambda each: normalization.build({"convex_region": each}), region, monkeypatch)
    adverse.check(lambda each: normalization.build({"scales": each}), scales, monkeypatch)


def test_one_start_and_one_distance_make_pictures(region):
    one = region.arrays.isel(draw=[0], distance=[1], step=[0])
    assert len(build_opening([replace(region, arrays=one)]).figures) == 3
