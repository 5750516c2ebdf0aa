"""bench/run suggest: how well a history-trained suggestion names who handles a report.

Beside it, on the same rows: the rules alone and the commonest choice. Real files, read in place
(GRIDCITY_SHARED or ../shared): nothing of them is kept.

    issues   St Louis 2012, department by problem code and area; trained on the first 70 % of the year by
             time, judged on the rest. Rules alone: for each code its commonest department in the same first
             70 %, as somebody writing rules from experience would.
    text     complaints with a label of seven; five folds of near-duplicate groups, so that the same story
             never stands on both sides. Rules alone: words of the official three-level list of subjects.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.common import ROOT
from dispatch.suggest import Counted, features, grams

SHARED = Path(os.environ.get("GRIDCITY_SHARED", ROOT.parent / "shared"))
ISSUES = SHARED / "data/issues/stlouis_csb_2012.csv.gz"
TEXTS = SHARED / "data/text/complaints_labelled.csv"
SUBJECTS = SHARED / "data/text/complaint_taxonomy_3level.csv"
FIRST = 0.7
FOLDS = 5
SURE = 0.9  # of a code's reports that went to one department: the rule leaves no choice
ALIKE = 0.5  # of the two-character runs of the shorter text in common: the same story


@dataclass(frozen=True)
class Row:
    known: Mapping[str, int]
    label: str
    rule: str = ""  # what the rules go by
    text: str = ""


Guess = Callable[[Row], list[str]]


def judged(rows: Sequence[Row], guess: Guess) -> dict[str, Any]:
    """Accuracy of the first answer, of the first three, and the mean F1 over labels."""
    first = three = 0
    right: Counter[str] = Counter()
    said: Counter[str] = Counter()
    true: Counter[str] = Counter()
    for row in rows:
        answers = guess(row)
        top = answers[0] if answers else ""
        first += top == row.label
        three += row.label in answers[:3]
        said[top] += 1
        true[row.label] += 1
        right[row.label] += top == row.label
    f1 = [2 * right[label] / (said[label] + true[label]) for label in true]
    return {
        "n": len(rows),
        "accuracy": round(first / len(rows), 4),
        "of_three": round(three / len(rows), 4),
        "macro_f1": round(sum(f1) / len(f1), 4),
    }


def by_model(train: Sequence[Row]) -> Guess:
    counted = Counted.of((row.known, row.label) for row in train)
    return lambda row: [label for label, _share in counted.ranked(row.known)]


def by_commonest(train: Sequence[Row]) -> Guess:
    common = [label for label, _count in Counter(row.label for row in train).most_common()]
    return lambda row: common


def by_rules_then_model(train: Sequence[Row]) -> Guess:
    """As the desk works: where a rule is sure it stands; where it leaves a choice, history ranks it."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for row in train:
        table[row.rule][row.label] += 1
    counted = Counted.of((row.known, row.label) for row in train)

    def guess(row: Row) -> list[str]:
        left = table.get(row.rule, Counter())
        first = [label for label, _count in left.most_common()]
        if left and left[first[0]] >= SURE * left.total():
            return first
        return [label for label, _share in counted.ranked(row.known, among=first or None)]

    return guess


def by_code(train: Sequence[Row]) -> Guess:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for row in train:
        table[row.rule][row.label] += 1
    return lambda row: [label for label, _count in table[row.rule].most_common()] if row.rule in table else []


# --- issues ----------------------------------------------------------------------------------------------


def issues() -> dict[str, Any]:
    with gzip.open(ISSUES, "rt", encoding="utf-8", errors="replace", newline="") as file:
        told = [
            row for row in csv.DictReader(file) if row["SUBMITTO"].strip() and row["DATETIMEINIT"].strip()
        ]
    # the file repeats some requests word for word
    read = list({row["REQUESTID"]: row for row in told}.values())
    read.sort(key=lambda row: _time(row["DATETIMEINIT"]))
    rows = [
        Row(
            features(
                {
                    "code": row["PROBLEMCODE"],
                    "group": row["GROUP"],
                    "ward": row["WARD"],
                    "neighborhood": row["NEIGHBORHOOD"],
                    "code_in_ward": f"{row['PROBLEMCODE']}/{row['WARD']}",
                }
            ),
            row["SUBMITTO"].strip(),
            row["PROBLEMCODE"],
        )
        for row in read
    ]
    cut = int(len(rows) * FIRST)
    train, test = rows[:cut], rows[cut:]
    return {
        "split": f"by time: first {FIRST:.0%} trains, the rest is judged",
        "labels": len({row.label for row in rows}),
        "suggestion": judged(test, by_model(train)),
        "rules_then_suggestion": judged(test, by_rules_then_model(train)),
        "rules_alone": judged(test, by_code(train)),
        "commonest": judged(test, by_commonest(train)),
    }


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text[:19])


# --- text ------------------------------------------------------------------------------------------------


def texts() -> dict[str, Any]:
    with TEXTS.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    rows = [
        Row(
            features({}, f"{row['subject']} {row['subject']} {row['body']}"),
            row["label"],
            text=f"{row['subject']} {row['body']}",
        )
        for row in read
    ]
    groups = near_groups([row["subject"] + " " + row["body"] for row in read])
    folds: list[list[Row]] = [[] for _ in range(FOLDS)]
    for group in sorted(groups, key=lambda group: (-len(group), group[0])):
        min(folds, key=len).extend(rows[n] for n in group)
    tests: dict[str, list[tuple[list[Row], Guess]]] = defaultdict(list)
    by_words = words_of_subjects({row.label for row in rows})
    for n, test in enumerate(folds):
        train = [row for m, fold in enumerate(folds) if m != n for row in fold]
        tests["suggestion"].append((test, by_model(train)))
        tests["rules_alone"].append((test, by_words))
        tests["commonest"].append((test, by_commonest(train)))
    return {
        "split": f"{FOLDS} folds of {len(groups)} near-duplicate groups of {len(rows)} rows",
        "labels": len({row.label for row in rows}),
        **{name: _joined(parts) for name, parts in tests.items()},
    }


def _joined(parts: list[tuple[list[Row], Guess]]) -> dict[str, Any]:
    answers = {id(row): guess(row) for rows, guess in parts for row in rows}
    return judged([row for rows, _guess in parts for row in rows], lambda row: answers[id(row)])


def near_groups(stories: Sequence[str]) -> list[list[int]]:
    """Rows that tell the same story, by the characters they share; what is alike of alike is one group."""
    runs = [{gram for gram in grams(story) if len(gram) == 2} for story in stories]
    leader = list(range(len(stories)))

    def root(n: int) -> int:
        while leader[n] != n:
            n = leader[n]
        return n

    for n, one in enumerate(runs):
        for m in range(n):
            shorter = min(len(one), len(runs[m])) or 1
            if len(one & runs[m]) / shorter >= ALIKE:
                leader[root(n)] = root(m)
    found: dict[int, list[int]] = defaultdict(list)
    for n in range(len(stories)):
        found[root(n)].append(n)
    return list(found.values())


def words_of_subjects(labels: set[str]) -> Guess:
    """How often the words of a label's subjects stand in the text."""
    words: dict[str, set[str]] = {label: set() for label in labels}
    with SUBJECTS.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            levels = [value.strip() for value in row.values() if value]
            label = next((label for label in labels if label == levels[0] or levels[0] in label), None)
            if label:
                words[label].update(word for word in levels if 2 <= len(word) <= 8)

    def guess(row: Row) -> list[str]:
        hits = {label: sum(row.text.count(word) for word in found) for label, found in words.items()}
        return [label for label, count in sorted(hits.items(), key=lambda one: -one[1]) if count]

    return guess


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/run suggest", description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if ISSUES.exists():
        found["issues"] = issues()
    if TEXTS.exists():
        found["text"] = texts()
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for name, part in found.items():
            print(f"{name}: {part['labels']} labels, {part['split']}")
            for way in ("suggestion", "rules_then_suggestion", "rules_alone", "commonest"):
                if way in part:
                    print(f"  {way:22} {part[way]}")
    if not found:
        print("the shared files are not there: nothing was measured")
    return 0


if __name__ == "__main__":
    sys.exit(main())
