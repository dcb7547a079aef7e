"""Names as the page prints them, and records made whole: a network that a record lacks is there as NaN."""

import xarray as xr

__all__ = ["NETWORKS", "complete", "data", "network"]

#: The three networks, in the order of the page.
NETWORKS = ("softmax", "exponential", "relu")


def network(name: str) -> str:
    """The name of a network: relu becomes ReLU."""
    return {"relu": "ReLU"}.get(str(name), str(name))


def data(name: str) -> str:
    """The name of a data set: breast_cancer becomes breast cancer."""
    name = str(name)
    if name.startswith("sphere_"):
        return f"random points, d = {name.removeprefix('sphere_')}"
    return {"digits_parity": "digits, even or odd"}.get(name, name.replace("_", " "))


def complete(arrays: xr.Dataset) -> xr.Dataset:
    """The arrays with all three networks, those that were not run as NaN."""
    return arrays.reindex(features=list(NETWORKS))
