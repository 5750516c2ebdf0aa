"""From whatever was handed in to one plain file: told by its content, zip and gzip unpacked under limits."""

from __future__ import annotations

import codecs
import gzip
import os
import shutil
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import IO, Final

from django.utils.translation import gettext as _

from gis_data.errors import PlaceError

# What may come out of a packed file, altogether and per packed byte; beyond it is a bomb.
MOST_BYTES: Final = 4 * 1024**3
MOST_RATIO: Final = 250
FREE_BYTES: Final = 64 * 1024**2
MOST_MEMBERS: Final = 1000
_CHUNK: Final = 1024 * 1024


class Format(StrEnum):
    """A format that can be read, by its plain name."""

    GEOJSON = "GeoJSON"
    SHAPEFILE = "Shapefile"
    GEOPACKAGE = "GeoPackage"
    KML = "KML"
    FLATGEOBUF = "FlatGeobuf"
    CSV = "CSV"
    # inventories only: importers/components/opening.py tells these
    XLSX = "XLSX"
    OSM = "OSM"


_MAGIC: Final = (
    (b"SQLite format 3\0", Format.GEOPACKAGE),
    (b"fgb\x03fgb", Format.FLATGEOBUF),
    (b"\x00\x00\x27\x0a", Format.SHAPEFILE),
)
_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".cst")
_READABLE: Final = (".shp", ".geojson", ".json", ".geojsonl", ".gpkg", ".kml", ".fgb", ".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class Plain:
    """A file as it can be read, and what it is."""

    path: Path
    format: Format
    name: str


def unpack(path: Path, folder: Path, layer: str | None = None) -> Plain:
    """The file itself, or what a zip or gzip holds, unpacked into `folder`; PlaceError if it is none of ours.

    layer   picks a Shapefile or other file out of a zip that holds several
    """
    head = _head(path)
    name = path.name
    for _depth in range(2):
        if head.startswith(b"\x1f\x8b"):
            path = _gunzip(path, folder)
        elif head.startswith(b"PK\x03\x04"):
            path = _unzip(path, folder, layer)
        else:
            break
        head = _head(path)
    return Plain(path, _format(path, head, name), name)


def _head(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise _fault(path, _("%(file)s is no file.") % {"file": path.name})
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as fault:
        raise _fault(
            path, _("%(file)s cannot be read: %(why)s.") % {"file": path.name, "why": fault.strerror}
        ) from fault
    if not head:
        raise _fault(path, _("%(file)s is empty.") % {"file": path.name}, _("Copy it again from its source."))
    return head


def _format(path: Path, head: bytes, name: str) -> Format:
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    suffix = path.suffix.lower()
    if suffix in (".dbf", ".shx", ".prj", ".cpg"):
        raise _fault(
            path,
            _("%(file)s is one part of a Shapefile.") % {"file": name},
            _("Name its .shp file, or a zip of all parts."),
        )
    start = head.decode("utf-8-sig", "replace").lstrip("\ufeff\x1e \t\r\n")
    if start.startswith("{"):
        return Format.GEOJSON
    if start.startswith("<") and "<kml" in start:
        return Format.KML
    is_text = b"\0" not in head or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if suffix in (".csv", ".tsv", ".txt") and not start.startswith("<") and is_text:
        return Format.CSV
    raise _fault(
        path,
        _("%(file)s is none of the formats that can be read, whatever its name says.") % {"file": name},
        _("Hand in GeoJSON, Shapefile (or a zip of it), GeoPackage, KML, FlatGeobuf or CSV."),
    )


def _gunzip(path: Path, folder: Path) -> Path:
    target = folder / (path.stem or "unpacked")
    try:
        with gzip.open(path, "rb") as packed:
            _copy(packed, target, path.name, path.stat().st_size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise _broken(path, fault) from fault
    return target


def _unzip(path: Path, folder: Path, layer: str | None) -> Path:
    """One readable member with the parts that belong to it; names inside the zip are never used as paths."""
    try:
        with zipfile.ZipFile(path) as packed:
            members = [one for one in packed.infolist() if not one.is_dir() and not _is_litter(one.filename)]
            if len(members) > MOST_MEMBERS:
                raise _fault(
                    path, _("%(file)s holds %(count)s files.") % {"file": path.name, "count": len(members)}
                )
            main = _choose(path, members, layer)
            stem, suffix = _stem(main), PurePosixPath(main.filename).suffix.lower()
            wanted = [main]
            if suffix == ".shp":
                wanted += [one for one in members if _stem(one).lower() == stem.lower() and one is not main]
            for one in wanted:
                part = PurePosixPath(one.filename).suffix.lower()
                if one is main or part in _PARTS:
                    with packed.open(one) as member:
                        _copy(member, folder / f"unpacked{part}", path.name, max(path.stat().st_size, 1))
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as fault:
        raise _broken(path, fault) from fault
    return folder / f"unpacked{suffix}"


def _choose(path: Path, members: list[zipfile.ZipInfo], layer: str | None) -> zipfile.ZipInfo:
    readable = [one for one in members if PurePosixPath(one.filename).suffix.lower() in _READABLE]
    shapes = [one for one in readable if one.filename.lower().endswith(".shp")]
    found = shapes or readable
    if layer is not None and len(found) > 1:
        found = [one for one in found if _stem(one) == layer]
    if len(found) == 1:
        return found[0]
    names = ", ".join(sorted(_stem(one) for one in (shapes or readable))[:20])
    if not readable:
        raise _fault(
            path,
            _("%(file)s holds nothing that can be read.") % {"file": path.name},
            _("Put a .shp with its .dbf, .shx and .prj into the zip."),
        )
    raise PlaceError(
        _("%(file)s holds several layers: %(names)s.") % {"file": path.name, "names": names},
        field="layer",
        value=layer or "",
        mend=_("Name one with --layer."),
    )


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, name: str, packed_bytes: int) -> None:
    """Unpack one stream, and stop where it becomes a bomb."""
    most = min(MOST_BYTES, max(FREE_BYTES, packed_bytes * MOST_RATIO))
    written = 0
    with target.open("wb") as out:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > min(most, shutil.disk_usage(target.parent).free):
                raise PlaceError(
                    _("%(file)s unpacks to more than %(most)s MB.") % {"file": name, "most": most // 1024**2},
                    field="file",
                    value=name,
                    mend=_("Unpack it yourself and look what it is."),
                )
            out.write(chunk)
    os.utime(target)


def _stem(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).stem


def _is_litter(name: str) -> bool:
    """What macOS and editors leave in zips."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(("._", "."))


def _broken(path: Path, fault: Exception) -> PlaceError:
    return _fault(
        path,
        _("%(file)s is damaged or locked and cannot be unpacked: %(why)s.")
        % {"file": path.name, "why": fault},
        _("Copy it again from its source; a password must be taken off."),
    )


def _fault(path: Path, message: str, mend: str = "") -> PlaceError:
    return PlaceError(message, field="file", value=path.name, mend=mend)
