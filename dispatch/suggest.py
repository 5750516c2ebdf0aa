"""Who has handled the like before: a counted model, small enough to read. Pure, no database.

Complement naive Bayes (Rennie et al. 2003): for each label it counts how often a feature was seen with all
*other* labels, so that a label with few examples is not drowned. Features are what is known of a problem
(class, areas, owner) and runs of one to three characters of its text: no word need be known, in any language.
A feature weighs by how rare it is, a text by the unit length of all its features.

It ranks, and says how much more likely one is than the next; it never routes. It is shown as a suggestion
from history, beside what the rules say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp, log, sqrt
from typing import Any

SMOOTH = 0.3
GRAMS = (1, 2, 3)
RARE = 2  # what was seen less often says nothing
SHARPNESS = 12.0  # from scores to shares; only for showing, the order does not depend on it


def grams(text: str) -> Counter[str]:
    """Runs of one to three characters of a text and how often; spaces and marks part them."""
    found: Counter[str] = Counter()
    run = ""
    for character in f"{text.lower()} ":
        if character.isalnum():
            run += character
            continue
        for n in GRAMS:
            found.update(run[i : i + n] for i in range(len(run) - n + 1))
        run = ""
    return found


def features(facts: Mapping[str, str], text: str = "") -> Counter[str]:
    """What the model counts: facts by name, and the text's characters."""
    found = Counter({f"{name}={value}": 1 for name, value in facts.items() if value})
    found.update({f"~{gram}": count for gram, count in grams(text).items()})
    return found


@dataclass
class Counted:
    """`labels`: how often each was the answer; `seen`: feature → label → weight; `rows`: feature → rows."""

    labels: Counter[str] = field(default_factory=Counter)
    seen: dict[str, dict[str, float]] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, examples: Iterable[tuple[Mapping[str, int], str]]) -> Counted:
        made, kept = cls(), list(examples)
        for known, label in kept:
            made.labels[label] += 1
            made.rows.update(known.keys())
        made.rows = Counter({name: count for name, count in made.rows.items() if count >= RARE})
        for known, label in kept:
            for name, weight in made._weighed(known).items():
                by_label = made.seen.setdefault(name, {})
                by_label[label] = by_label.get(label, 0.0) + weight
        made._sum_up()
        return made

    def __post_init__(self) -> None:
        self._sum_up()

    def _sum_up(self) -> None:
        self._all = {name: sum(by_label.values()) for name, by_label in self.seen.items()}
        self._of_label: dict[str, float] = dict.fromkeys(self.labels, 0.0)
        for by_label in self.seen.values():
            for label, weight in by_label.items():
                self._of_label[label] += weight
        self._total = sum(self._of_label.values())
        self._norms = {label: self._norm(label) for label in self.labels}

    def _weight(self, name: str, label: str) -> float:
        others = self._all[name] - self.seen[name].get(label, 0.0)
        rest = self._total - self._of_label[label]
        return log((others + SMOOTH) / (rest + SMOOTH * len(self.seen)))

    def _norm(self, label: str) -> float:
        return sum(-self._weight(name, label) for name in self.seen) or 1.0

    def _weighed(self, known: Mapping[str, int]) -> dict[str, float]:
        """Rare features weigh more, repeated ones less than each time; all together have length 1."""
        whole = self.labels.total()
        weights = {
            name: (1 + log(count)) * (1 + log(whole / self.rows[name]))
            for name, count in known.items()
            if name in self.rows
        }
        length = sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {name: weight / length for name, weight in weights.items()}

    def ranked(self, known: Mapping[str, int], among: Iterable[str] | None = None) -> list[tuple[str, float]]:
        """Labels by share, the likeliest first; of all, or of some. The shares sum to 1."""
        wanted = [label for label in (among or self.labels) if label in self.labels]
        weighed = {name: weight for name, weight in self._weighed(known).items() if name in self.seen}
        scores = {
            # the further the feature is from what is seen with the others, the likelier the label
            label: -sum(weight * self._weight(name, label) for name, weight in weighed.items())
            / self._norms[label]
            * len(self.seen)
            for label in wanted
        }
        if not scores:
            return []
        top = max(scores.values())
        weights = {label: exp(SHARPNESS * (score - top)) for label, score in scores.items()}
        whole = sum(weights.values())
        return sorted(
            ((label, weights[label] / whole) for label in scores), key=lambda one: (-scores[one[0]], one[0])
        )

    def as_json(self) -> dict[str, Any]:
        return {"labels": dict(self.labels), "seen": self.seen, "rows": dict(self.rows)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Counted:
        return cls(Counter(kept["labels"]), dict(kept["seen"]), Counter(kept["rows"]))
