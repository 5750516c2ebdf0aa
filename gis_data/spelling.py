"""How a place name may be typed: characters, pinyin, initials, English; house numbers apart. Pure.

The spellings of a name stand in one line of lower-case words, | between them and at both ends; each Chinese
character is a word of its own, so that a trigram index finds one character as well as a long name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

# Readings that place names have and the dictionary of words has not.
READINGS: Final = {
    "朝阳": "chao yang", "朝阳门": "chao yang men", "什刹海": "shi cha hai", "大栅栏": "da shi lan",
    "单店": "shan dian",
}  # fmt: skip
# Within a word only so much is looked for: less is everywhere.
INSIDE_FROM: Final = 4
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)
# one house or several: 12, 甲12, 12a, 12-1, 925 - 927, 3253 & 3259
_SEVERAL: Final = r"(?:\s?[-–&至]\s?\d+[a-z]?)*"
_NUMBER: Final = rf"[甲乙丙丁戊己庚辛附]?\d+[a-z甲乙丙丁]?{_SEVERAL}"
_STREET_FIRST: Final = re.compile(
    rf"(?P<street>\D*?[^\d\s甲乙丙丁戊己庚辛附#])\s*(?:no\.?|#)?\s*(?P<number>{_NUMBER})"
)
_NUMBER_LAST: Final = re.compile(rf"(?P<street>.*\S)\s+(?P<number>{_NUMBER})$")
_NUMBER_FIRST: Final = re.compile(
    rf"(?P<number>\d+[a-z]?{_SEVERAL})\s+(?P<street>[^\W\d].*|\d+(?:st|nd|rd|th)\b.*)"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody typed: as it stands and closed up (`forms`), its sound, a door's street and number."""

    words: str
    sound: str
    forms: tuple[str, ...]
    patterns: tuple[str, ...]
    street: str = ""
    number: str = ""


def normal(text: str) -> str:
    """Half-width, lower case, single blanks, punctuation gone."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORD.findall(plain.replace("'", "").replace("’", "")))


def is_han(text: str) -> bool:
    """Has it a Chinese character?"""
    return _HAN.search(text) is not None


def pinyin(text: str) -> str:
    """Syllables separated by blanks, without tones; what is not Chinese stays: 12 hao."""
    return " ".join(_reader()(normal(text))) if is_han(text) else ""


def initials(spelled: str) -> str:
    """First letters of the syllables; digits stay whole."""
    return "".join(word if word.isdigit() else word[:1] for word in spelled.split())


def spellings(names: Iterable[str], spelled: str = "") -> str:
    """One line in which every way to type one of the names is found; `spelled` is the first name's pinyin."""
    found: list[str] = []
    for index, name in enumerate(names):
        if not name:
            continue
        found.append(apart(name))
        sound = spelled if index == 0 and spelled else pinyin(name)
        if sound:
            found += [sound, sound.replace(" ", ""), initials(sound)]
    return f"| {' | '.join(dict.fromkeys(found))} |" if found else ""


def names(text: str) -> list[str]:
    """Names that stand in one field: 朝内大街；朝内, Market St; Old Market St."""
    return [name for part in re.split(r"[；;、|/]", text) if (name := part.strip())]


def apart(text: str) -> str:
    """Normal, with each Chinese character a word of its own."""
    return " ".join(_HAN.sub(lambda sign: f" {sign[0]} ", normal(text)).split())


def asked(text: str) -> Asked:
    """What to look for; the patterns are for LIKE over `spellings`."""
    words = normal(text)
    spelled = pinyin(words)
    joined = words.replace(" ", "")
    if spelled:
        forms, patterns = [apart(words)], [f"% {apart(words)}%", f"% {spelled} %"]
    else:
        forms, patterns = [words, joined], [f"% {words}%", f"% {joined}%"]
        if len(joined) >= INSIDE_FROM:
            patterns.append(f"%{joined}%")
    street, number = door(text)
    sound = spelled.replace(" ", "") or joined
    unique = tuple(dict.fromkeys(forms)), tuple(dict.fromkeys(patterns))
    return Asked(words, sound, *unique, normal(street), number)


def door(text: str) -> tuple[str, str]:
    """Street and number of a door, else two empty texts: 东四北大街甲12号, 12 Market St, Market St 12."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    for pattern in (_NUMBER_FIRST, _STREET_FIRST, _NUMBER_LAST):
        found = pattern.match(plain.casefold()) if len(plain) == len(plain.casefold()) else None
        if found:
            start, end = found.span("street")
            return plain[start:end].strip(" ,，"), number(found["number"])
    return "", ""


def number(text: str) -> str:
    """A house number without its sign: 12号, No. 12 and #12 are 12."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[–&至]", "-", re.sub(r"^(?:no\.?|#)|[号號#\s]", "", plain.strip()))


@cache
def _reader() -> Any:
    """pypinyin with the readings of place names; its dictionary takes a third of a second to read."""
    from pypinyin import lazy_pinyin, load_phrases_dict

    load_phrases_dict({name: [[sound] for sound in sounds.split()] for name, sounds in READINGS.items()})

    def read(text: str) -> list[str]:
        return [word for part in lazy_pinyin(text) for word in part.split()]

    return read
