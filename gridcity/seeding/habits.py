"""When and where things go wrong: hour, season, and the places that draw them. Guesses, stated as parameters.

A city's own history would give these by counting. Ours has none, so each common class is given what anybody
who has walked with an inspector would say of it: litter lies there in the morning, beside a bin; stalls stand
in the evening, at the market; a street that was flooded is flooded again.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, pi
from random import Random
from typing import Final
from zlib import crc32

# Reports through a city's day, by the hour of its clock; of nights only what cannot wait.
HOURS: Final = (
    0.3, 0.2, 0.1, 0.1, 0.1, 0.3, 1, 4, 9, 12, 12, 8, 5, 6, 10, 10, 9, 6, 4, 2.5, 2, 1.2, 0.8, 0.5,
)  # fmt: skip

# Cells of a kind that no layer tells of, as shares of all cells; they do not overlap.
GROUNDS: Final = {"market": 0.02, "bars": 0.01, "site": 0.015, "homes": 0.05}
HOT_CELLS: Final = 0.04  # cells of no kind where anything happens more often
HOT_SHARE: Final = 0.35  # of what has no habit of its own happens there
WORN_SHARE: Final = 0.05  # of the components of a class
WORN_FAULTS: Final = 0.45  # have so many of its faults: what was mended badly breaks again
SAME_AGAIN: Final = 0.6  # of what is found in a cell is filed under the condition usual for that cell


@dataclass(frozen=True, slots=True)
class Habit:
    """When and where a class of problems occurs more often than others.

    hour, sharp         the hour about which it comes, and how closely (von Mises: 0 not at all, 1 three
                        quarters within six hours of it, 3 within three)
    month, season       the same for the year; 7.5 is the middle of July
    beside, drawn       codes of components that draw it, and the share of it that lies at one of them
    ground, there       the kind of cells that draw it, and the share of the rest that lies in those
    """

    hour: float = 12.0
    sharp: float = 0.0
    month: float = 7.0
    season: float = 0.0
    beside: tuple[str, ...] = ()
    drawn: float = 0.0
    ground: str = ""
    there: float = 0.0

    def at_hour(self, hour: float) -> float:
        """How much likelier than at any time, on average of all reports 1."""
        return (
            _about(hour, self.hour, self.sharp, 24)
            / sum(weight * _about(n + 0.5, self.hour, self.sharp, 24) for n, weight in enumerate(HOURS))
            * sum(HOURS)
        )

    def in_month(self, month: int) -> float:
        """How much likelier than in any month, on average of the year 1."""
        return (
            _about(month, self.month, self.season, 12)
            * 12
            / sum(_about(n, self.month, self.season, 12) for n in range(1, 13))
        )


def _about(value: float, peak: float, sharp: float, whole: float) -> float:
    return exp(sharp * cos(2 * pi * (value - peak) / whole))


BINS: Final = ("0305", "0304")
STOPS: Final = ("0204", "0225")
POLES: Final = ("0130", "0131", "0137", "0204")
TREES: Final = ("0402", "0497")
PAVING: Final = ("0284", "0285", "0286")
NO_HABIT: Final = Habit()

# by code of the class, of events (GB/T 30428.2-2013 as the sample's standard has them)
EVENTS: Final[dict[str, Habit]] = {
    "0110": Habit(7, 1.2, 7.5, 0.3, BINS, 0.6),  # exposed household refuse
    "0192": Habit(8, 1.6, 7.5, 0.3, BINS, 0.9),  # overflowing refuse
    "0112": Habit(7, 1.0, 11, 0.6, TREES, 0.4),  # dirty road: leaves
    "0201": Habit(9, 0.3, beside=POLES, drawn=0.75),  # bills posted
    "0410": Habit(18, 0.9, beside=STOPS, drawn=0.6),  # bicycles left about
    "0493": Habit(8, 1.4, 5, 0.4, STOPS, 0.65),  # shared bicycles
    "0406": Habit(18, 1.4, ground="market", there=0.65),  # trade on the road
    "0405": Habit(19, 1.6, 7.5, 0.4, ground="market", there=0.6),  # trade outside the shop
    "0401": Habit(19, 1.8, 7.5, 0.5, ground="market", there=0.6),  # street vendors
    "0402": Habit(7, 2.0, ground="market", there=0.85),  # morning and night markets
    "0491": Habit(7, 3.0, beside=STOPS, drawn=0.7),  # breakfast carts
    "0129": Habit(21, 3.0, 7.5, 2.0, ground="bars", there=0.75),  # open-air barbecue
    "0128": Habit(20, 1.8, ground="bars", there=0.6),  # noise of trade
    "0301": Habit(22, 1.5, ground="site", there=0.9),  # noise of building
    "0302": Habit(11, 1.0, ground="site", there=0.85),  # building on the road
    "0304": Habit(14, 1.5, 4, 1.0, ground="site", there=0.9),  # dust
    "0306": Habit(10, 1.0, ground="site", there=0.85),  # material lying about
    "0111": Habit(8, 0.8, ground="site", there=0.5),  # rubble left
    "0136": Habit(15, 0.5, ground="homes", there=0.7),  # things piled up
    "0107": Habit(11, 2.0, 6, 0.5, ground="homes", there=0.75),  # washing hung out
    "0104": Habit(12, 0.3, ground="homes", there=0.5),  # dirty facade
    "0113": Habit(10, 0.3, 2, 0.6, PAVING, 0.6),  # damaged road
    "0114": Habit(6, 1.0, ground="site", there=0.5),  # spillage
    "0117": Habit(9, 0.4, 8, 0.5, TREES, 0.6),  # untidy green
    "0118": Habit(10, 0.8, 11, 1.0, TREES, 0.8),  # cuttings left
    "0121": Habit(10, 0.5, 6, 1.5, TREES, 0.9),  # pests
    "0409": Habit(19, 0.8, ground="homes", there=0.4),  # cars left about
    "0506": Habit(16, 0.3, 7.5, 3.0, ("0104",), 0.75),  # standing water
    "0507": Habit(8, 1.0, 1, 6.0),  # snow and ice
    "0504": Habit(8, 0.3, 12.5, 3.0),  # burst heating pipe
}
# and of components: they stand where they stand
COMPONENTS: Final[dict[str, Habit]] = {
    "0137": Habit(20, 2.2, 12.5, 0.5),  # street lamp: seen dark when it is dark
    "0305": Habit(8, 0.8),  # litter bin
    "0104": Habit(14, 0.2, 7.5, 1.0),  # gully grating: rain
    "0402": Habit(10, 0.3, 7.5, 0.7),  # street tree: storms
}


def habit_of(kind: str, code: str) -> Habit:
    return (EVENTS if kind == "event" else COMPONENTS).get(code, NO_HABIT)


def grounds(cells: list[str]) -> dict[str, frozenset[str]]:
    """The cells of each kind, `hot` among them; the same in every run."""
    shuffled = Random(7).sample(sorted(cells), len(cells))
    found: dict[str, frozenset[str]] = {}
    for kind, share in {**GROUNDS, "hot": HOT_CELLS}.items():
        count = min(len(shuffled), max(1, int(len(cells) * share)))
        found[kind], shuffled = frozenset(shuffled[:count]), shuffled[count:] or shuffled
    return found


def usual_share(cell_code: str, class_code: str) -> float:
    """A number from 0 to 1 that belongs to a class in a cell: which condition is usual there."""
    return crc32(f"{cell_code}/{class_code}".encode()) / 2**32
