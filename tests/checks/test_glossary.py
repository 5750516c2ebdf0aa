"""The glossary keeps up with the code: every state, move, role, clock, figure and model has its word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.utils.translation import override

from casework.roles import Role
from dispatch.definitions import Key
from dispatch.models.report import Source
from dispatch.workflow import MOVES, Clock, State

GLOSSARY = (Path(__file__).resolve().parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")


def rows_under(heading: str) -> dict[str, list[str]]:
    """The first table under a heading, by its first column."""
    section = re.split(r"^#{2,3} ", GLOSSARY.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line
    ]
    return {row[0]: row[1:] for row in rows[2:]}


def test_every_state_has_its_word() -> None:
    assert set(rows_under("States")) == set(State.values)


def test_the_moves_are_those_of_the_table() -> None:
    rows = rows_under("Moves")
    assert list(rows) == [move.verb for move in MOVES]
    for move in MOVES:
        origin, target = rows[move.verb][1].split(" → ")
        assert target.split(",")[0] == (move.target or "the same")
        if origin == "filed and later":
            assert move.sources == MOVES["void"].sources
        elif origin == "every open state":
            assert move.sources == MOVES.states - MOVES.final
        else:
            assert set(origin.split(", ")) == (move.sources or {"–"})


@pytest.mark.parametrize("word", [*Clock.values, *Source.values, *Key])
def test_clocks_sources_and_figures_are_there(word: str) -> None:
    assert re.search(rf"\b{word}\b", GLOSSARY)


def test_every_role_is_there_under_its_english_label() -> None:
    with override("en"):
        for role in Role:
            assert f"| {role.label} |" in GLOSSARY, role


# how things are drawn, cached, joined and slowed down
NOT_NOTIONS = {"BaseFeature", "LayerVersion", "CaseLink", "FailedLogin"}


def test_every_model_is_there() -> None:
    for package in ("casework", "gis_data", "dispatch"):
        for model in apps.get_app_config(package).get_models():
            if model.__name__ not in NOT_NOTIONS:
                assert re.search(rf"\b{model.__name__}\b", GLOSSARY), model


def test_every_row_has_both_languages() -> None:
    for line in GLOSSARY.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and not set(line) <= set("|-") and cells[1] != "中文":
            assert re.search(r"[\u4e00-\u9fff]", cells[1]), line
