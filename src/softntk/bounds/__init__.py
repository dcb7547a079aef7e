"""How far the Jacobian of a network can change within a ball: what certificates, tubes and regions share."""

from softntk.bounds.lipschitz import Smoothness, smoothness

__all__ = ["Smoothness", "smoothness"]
