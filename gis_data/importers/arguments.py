"""The arguments by which a command is told how a survey file is to be read, and the opening with them."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gis_data.crs import Datum
from gis_data.importers.source import Source, open_source


def add_source_arguments(parser: ArgumentParser, *, required: bool = True) -> None:
    """FILE and what is declared of it."""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        nargs=None if required else "?",
        help="GeoJSON, Shapefile, GeoPackage, KML, FlatGeobuf or CSV with WKT; also in .zip or .gz",
    )
    parser.add_argument(
        "--crs",
        metavar="EPSG:N",
        help="system of the coordinates, over the file's own: EPSG:4548, EPSG:2436, ESRI:102696",
    )
    parser.add_argument(
        "--datum",
        choices=[datum.value for datum in Datum],
        help="of plain longitude and latitude: GPS and CGCS2000 wgs84, Amap and Tencent gcj02, Baidu bd09",
    )
    parser.add_argument(
        "--towgs84", metavar="DX,DY,DZ[,RX,RY,RZ,S]", help="surveyors' parameters of the datum's shift"
    )
    parser.add_argument(
        "--exchange-axes",
        action="store_true",
        help="the file has northing (latitude) before easting (longitude)",
    )
    parser.add_argument("--encoding", metavar="NAME", help="of the file's words: utf-8, gbk, gb18030, big5")
    parser.add_argument("--layer", metavar="NAME", help="the layer, where the file has several")


def opened(
    options: Mapping[str, Any],
    *,
    straight: bool = False,
    lon_field: str | None = None,
    lat_field: str | None = None,
) -> Source:
    """The file that the arguments name, read as they say."""
    return open_source(
        options["file"],
        crs=options["crs"],
        datum=options["datum"],
        encoding=options["encoding"],
        layer=options["layer"],
        towgs84=options["towgs84"],
        exchange_axes=options["exchange_axes"],
        straight=straight,
        lon_field=lon_field,
        lat_field=lat_field,
    )
