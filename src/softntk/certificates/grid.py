"""What float64 and ball arithmetic try: the methods, the radii of the grid and the step sizes.

Radii are in units of r0/s0, below which no path ends, and step sizes in units of 1/beta^2. Any grid is valid; a finer
one finds a little more.
"""

__all__ = ["EASY", "FRACTIONS", "METHODS", "radii_in_units"]

#: The rates of decrease (see `assessment`), in the order of `Assessment.method`.
METHODS = ("exact", "capped", "double", "small")
#: Values of c = eta beta^2.
FRACTIONS = (1.0, 1 / 4, 1 / 16, 1 / 64)
#: Below this h of the exact method the floor of `capping`, which costs another kernel, is not asked for.
EASY = 0.25

_SMOOTH = (*(j / 10 for j in range(1, 31)), 3.4, 3.9, 4.5, 5.2, 6.0, 7.0, 8.0)
_JUMPING = (*(j / 10 for j in range(1, 21)), 2.3, 2.7, 3.2, 4.0)


def radii_in_units(jumping: bool) -> tuple[float, ...]:
    """The grid; coarser for ReLU, whose every radius costs work for each sample and neuron."""
    return _JUMPING if jumping else _SMOOTH
