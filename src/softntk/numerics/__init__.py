"""Numerical ground: stable exponentials, eigenvalues with error radii, expectations, enclosures, memory."""
