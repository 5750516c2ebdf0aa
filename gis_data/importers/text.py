"""In which encoding a file's words are. What a file says of itself is believed; nothing else is tried."""

from __future__ import annotations

import codecs
from typing import Final

from django.utils.translation import gettext as _

from gis_data.errors import PlaceError

# GB 18030 holds GBK, which holds GB 2312: files named after the smaller one often need the greater.
_CHINESE: Final = frozenset({"gbk", "gb2312", "cp936", "936", "ms936", "x-gbk", "ansi 936", "hz-gb-2312"})
# The byte of a dBASE table that names its code page, where it means something definite.
_DBF_PAGES: Final = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "cp950", 0x13: "cp932", 0x7B: "cp932"}


def codec_of(name: str) -> str:
    """The codec that a declared encoding means; PlaceError for one that does not exist."""
    plain = name.strip().lower()
    try:
        return "gb18030" if plain in _CHINESE else codecs.lookup(plain).name
    except LookupError:
        raise PlaceError(
            _("There is no encoding “%(name)s”.") % {"name": name},
            field="encoding",
            value=name,
            mend=_("Write utf-8, gbk, gb18030 or big5."),
        ) from None


def codec_of_dbf(cpg: str, page: int) -> str | None:
    """What a Shapefile says of its text, in its .cpg or in a byte of its table; None if nothing."""
    if cpg.strip():
        return codec_of(cpg)
    return _DBF_PAGES.get(page)


def codec_of_mark(head: bytes) -> str:
    """By the byte order mark at the beginning; UTF-8 without one."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig"


def undecodable(name: str, codec: str, where: str, *, declared: bool) -> PlaceError:
    """The words for text that is not in the encoding in which it is read."""
    codec = codec.removesuffix("-sig")
    return PlaceError(
        _("%(file)s, %(where)s: the text is not %(codec)s.")
        % {"file": name, "where": where, "codec": codec.upper()},
        field="encoding",
        value=codec,
        mend=_("Declare another --encoding than this one.")
        if declared
        else _("Chinese files of older programs are GBK: declare it with --encoding gbk."),
    )
