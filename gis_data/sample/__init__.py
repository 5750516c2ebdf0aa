"""Dongcheng as a sample city: real codes and names, generated shapes, all marked synthetic."""

from gis_data.sample.load import Counts, load_sample_city

__all__ = ["Counts", "load_sample_city"]
