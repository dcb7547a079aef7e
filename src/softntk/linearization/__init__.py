"""The tube: how far a network can stray from its linearization."""

from softntk.linearization.deviations import Deviation, deviation
from softntk.linearization.tubes import Tube, tube

__all__ = ["Deviation", "Tube", "deviation", "tube"]
