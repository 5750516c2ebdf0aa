"""The one grammar of all codes: what each digit means, and in words what is wrong with a code. Pure.

kind        digits  layout                                              source
district    6       province 2 + city 2 + county 2                      GB/T 2260; 90… elsewhere
street      9       district 6 + street 3                               GB/T 10114
community   12      street 9 + community 3                              civil-affairs rules
cell        15      community 12 + sequence 3                           GB/T 30428.1-2013, DB11
cell        14      community 12 + sequence 2 (old)                     CJ/T 213-2005
class       4       major 2 + minor 2; the draft has minor 3            GB/T 30428.2
event       10      district 6 + class 4                                CJ/T 214
component   16      district 6 + class 4 + sequence 6; draft 5 + 5;     GB/T 30428.2
            18      monitored, draft: district 6 + branch 2 + class 5 + sequence 5
organisation        a city's own: letters, digits, “-”, “_”, “.”, at most 40

A code has exactly the width of its edition: 14 and 15 digits are never both accepted, since a 15-digit
code with one digit lost would then pass for an old one. The clauses themselves have not been read;
layouts follow city systems that apply them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from gis_data.errors import CodeError

CURRENT: Final = "2013"
OLD: Final = "2005"
DRAFT: Final = "draft"
MONITORED: Final = "draft monitored"


class Kind(StrEnum):
    """What a code names."""

    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    CELL = "cell"
    CLASS = "class"
    EVENT = "event"
    COMPONENT = "component"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Code:
    """A code and its parts; parts that its kind does not have are empty."""

    kind: Kind
    text: str
    edition: str = CURRENT
    province: str = ""
    city: str = ""
    county: str = ""
    street: str = ""
    community: str = ""
    branch: str = ""
    major: str = ""
    minor: str = ""
    sequence: str = ""

    def __str__(self) -> str:
        return self.text

    @property
    def district_code(self) -> str:
        return self.province + self.city + self.county

    @property
    def street_code(self) -> str:
        return self.district_code + self.street if self.street else ""

    @property
    def community_code(self) -> str:
        return self.street_code + self.community if self.community else ""

    @property
    def class_code(self) -> str:
        return self.major + self.minor


_DISTRICT: Final = (("province", 2), ("city", 2), ("county", 2))
_COMMUNITY: Final = (*_DISTRICT, ("street", 3), ("community", 3))
_CLASS: Final = (("major", 2), ("minor", 2))
_CLASS_DRAFT: Final = (("major", 2), ("minor", 3))

LAYOUTS: Final[dict[tuple[Kind, str], tuple[tuple[str, int], ...]]] = {
    (Kind.DISTRICT, CURRENT): _DISTRICT,
    (Kind.STREET, CURRENT): (*_DISTRICT, ("street", 3)),
    (Kind.COMMUNITY, CURRENT): _COMMUNITY,
    (Kind.CELL, CURRENT): (*_COMMUNITY, ("sequence", 3)),
    (Kind.CELL, OLD): (*_COMMUNITY, ("sequence", 2)),
    (Kind.CLASS, CURRENT): _CLASS,
    (Kind.CLASS, OLD): _CLASS,
    (Kind.CLASS, DRAFT): _CLASS_DRAFT,
    (Kind.EVENT, CURRENT): (*_DISTRICT, *_CLASS),
    (Kind.COMPONENT, CURRENT): (*_DISTRICT, *_CLASS, ("sequence", 6)),
    (Kind.COMPONENT, DRAFT): (*_DISTRICT, *_CLASS_DRAFT, ("sequence", 5)),
    (Kind.COMPONENT, MONITORED): (*_DISTRICT, ("branch", 2), *_CLASS_DRAFT, ("sequence", 5)),
}

# The 34 province-level units of GB/T 2260, and one for cities elsewhere.
PROVINCES: Final = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        # not of GB/T 2260, which never uses it: for cities that have no code of it
        "90",
    ]
)
_ORGANISATION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}", re.ASCII)

_KIND_WORDS: Final[dict[Kind, Any]] = {
    Kind.DISTRICT: _("district code"),
    Kind.STREET: _("street code"),
    Kind.COMMUNITY: _("community code"),
    Kind.CELL: _("unit grid code"),
    Kind.CLASS: _("class code"),
    Kind.EVENT: _("event code"),
    Kind.COMPONENT: _("component code"),
    Kind.ORGANISATION: _("organisation code"),
}
_PART_WORDS: Final[dict[str, Any]] = {
    "province": _("province"),
    "city": _("city"),
    "county": _("district"),
    "street": _("street"),
    "community": _("community"),
    "branch": _("branch"),
    "major": _("major class"),
    "minor": _("minor class"),
    "sequence": _("sequence number"),
}
# Parts whose zeros would mean "none". A minor of 00 stays: some lists use it for a whole major class.
_NEVER_ZERO: Final = frozenset({"city", "county", "street", "community", "major", "sequence"})


def parse(kind: Kind | str, text: object, edition: str = CURRENT) -> Code:
    """The parts of a code, or CodeError saying which digits are wrong, what was expected and what to do.

    Only ASCII digits are accepted and nothing is trimmed: a code that differs is a different code.
    """
    kind = Kind(kind)
    if not isinstance(text, str):
        raise _error(
            kind, text, _("A code is text, not a number: leading zeros count."), _("Quote the code.")
        )
    if kind is Kind.ORGANISATION:
        return _organisation(text)
    layout = _layout(kind, edition)
    width = sum(size for _name, size in layout)
    if not (text.isascii() and text.isdigit()):
        for position, sign in enumerate(text, start=1):
            if sign in "0123456789":
                continue
            raise _error(
                kind,
                text,
                _("Place %(position)s of “%(code)s” is “%(sign)s”; a %(kind)s has only the digits 0 to 9.")
                % {"position": position, "code": text, "sign": sign, "kind": _KIND_WORDS[kind]},
                _("Write plain half-width digits without spaces."),
            )
    if len(text) != width:
        raise _error(
            kind,
            text,
            _("A %(kind)s has %(width)s digits (%(layout)s); “%(code)s” has %(length)s.")
            % {
                "kind": _KIND_WORDS[kind],
                "width": width,
                "layout": _layout_words(layout),
                "code": text,
                "length": len(text),
            },
            _("Look for a digit lost or doubled; a code of another edition must name its edition."),
        )
    parts: dict[str, str] = {}
    start = 0
    for name, size in layout:
        parts[name] = digits = text[start : start + size]
        _check_part(kind, text, name, digits, start)
        start += size
    return Code(kind=kind, text=text, edition=edition, **parts)


def cell_code(community_code: str, sequence: int) -> str:
    """The 15-digit code of a community's cell; a full community (999) is refused, never wrapped."""
    parse(Kind.COMMUNITY, community_code)
    return community_code + _sequence(Kind.CELL, sequence, 3)


def component_code(district_code: str, class_code: str, sequence: int) -> str:
    """The 16-digit code of a component; sequences run per district and class up to 999,999."""
    parse(Kind.DISTRICT, district_code)
    parse(Kind.CLASS, class_code)
    return district_code + class_code + _sequence(Kind.COMPONENT, sequence, 6)


def event_code(district_code: str, class_code: str) -> str:
    """The 10-digit type code of an event in a district."""
    return parse(Kind.EVENT, district_code + class_code).text


def _check_part(kind: Kind, text: str, name: str, digits: str, start: int) -> None:
    """Refuse zeros where they mean nothing, and provinces that do not exist."""
    unknown = name == "province" and digits not in PROVINCES
    zero = name in _NEVER_ZERO and not digits.strip("0")
    if not unknown and not zero:
        return
    where = {"first": start + 1, "last": start + len(digits), "code": text, "digits": digits}
    if unknown:
        raise _error(
            kind,
            text,
            _("Digits %(first)s to %(last)s of “%(code)s” are %(digits)s, which is no province of GB/T 2260.")
            % where,
            _("Beijing is 11; see the list of divisions. A city that has no code of it takes one under 90."),
        )
    raise _error(
        kind,
        text,
        _("Digits %(first)s to %(last)s of “%(code)s”, the %(part)s, are %(digits)s; numbering begins at 1.")
        % {**where, "part": _PART_WORDS[name]},
        _("Zeros stand for the whole of the level above: use the shorter code of that level."),
    )


def _organisation(text: str) -> Code:
    if not _ORGANISATION.fullmatch(text):
        raise _error(
            Kind.ORGANISATION,
            text,
            _("“%(code)s” is no organisation code.") % {"code": text},
            _("Use 1 to 40 letters, digits, “-”, “_” or “.”; begin with a letter or digit; no spaces."),
        )
    return Code(kind=Kind.ORGANISATION, text=text)


def _layout(kind: Kind, edition: str) -> tuple[tuple[str, int], ...]:
    try:
        return LAYOUTS[kind, edition]
    except KeyError:
        known = ", ".join(name for of_kind, name in LAYOUTS if of_kind is kind)
        raise CodeError(
            _("There is no %(kind)s of edition “%(edition)s”.")
            % {"kind": _KIND_WORDS[kind], "edition": edition},
            field="edition",
            value=edition,
            mend=_("Known editions: %(known)s.") % {"known": known},
        ) from None


def _sequence(kind: Kind, sequence: int, width: int) -> str:
    highest = 10**width - 1
    if not 1 <= sequence <= highest:
        raise _error(
            kind,
            str(sequence),
            _("Sequence number %(sequence)s does not fit: a %(kind)s numbers from 1 to %(highest)s.")
            % {"sequence": sequence, "kind": _KIND_WORDS[kind], "highest": highest},
            _("The numbers are used up; divide the area or the class, numbers are never used twice."),
        )
    return f"{sequence:0{width}d}"


def _layout_words(layout: tuple[tuple[str, int], ...]) -> str:
    return " + ".join(f"{_PART_WORDS[name]} {size}" for name, size in layout)


def _error(kind: Kind, value: object, message: Any, mend: Any) -> CodeError:
    return CodeError(message, field=kind.value, value=value, mend=mend)
