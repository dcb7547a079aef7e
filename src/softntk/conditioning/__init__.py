"""The region around the start in which the kernel stays well conditioned."""

from softntk.conditioning.regions import Region, region

__all__ = ["Region", "region"]
