"""Whole arrays of shapes from one reference system into another, in one call of GDAL."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.gdal import CoordTransform, OGRGeometry, SpatialReference
from numpy.typing import NDArray


def project(shapes: Any, from_srid: int, to_srid: int) -> Any:
    """The same shapes (one, or an array of them) in another reference system.

    Equal vertices stay equal, so shared borders stay shared; x is longitude or easting in both.
    """
    return shapely.transform(shapes, lambda points: project_points(points, from_srid, to_srid))


def project_points(points: NDArray[np.float64], from_srid: int, to_srid: int) -> NDArray[np.float64]:
    """An (n, 2) array of coordinates in another reference system."""
    if from_srid == to_srid or not len(points):
        return points
    cloud = OGRGeometry(memoryview(bytes(shapely.to_wkb(shapely.multipoints(points)))))
    cloud.transform(_way(from_srid, to_srid))
    return shapely.get_coordinates(shapely.from_wkb(bytes(cloud.wkb)))


@cache
def _way(from_srid: int, to_srid: int) -> CoordTransform:
    return CoordTransform(SpatialReference(from_srid), SpatialReference(to_srid))
