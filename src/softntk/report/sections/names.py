"""Names as the page prints them."""

__all__ = ["data", "network"]


def network(name: str) -> str:
    """The name of a network: relu becomes ReLU."""
    return {"relu": "ReLU"}.get(str(name), str(name))


def data(name: str) -> str:
    """The name of a data set: breast_cancer becomes breast cancer."""
    name = str(name)
    if name.startswith("sphere_"):
        return f"random points, d = {name.removeprefix('sphere_')}"
    return {"digits_parity": "digits, even or odd"}.get(name, name.replace("_", " "))
