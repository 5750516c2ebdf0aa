"""The shape of the figures at the edges: one for the API and the command line."""

from __future__ import annotations

from typing import Any

from django.utils.translation import override

from dispatch.definitions import words_of
from dispatch.metrics import Board, Figure, Row

LANGUAGES = ("en", "zh-hans")


def board_json(board: Board) -> dict[str, Any]:
    """Figures, parts and trend; titles in the reader's language, definitions in both."""
    chosen, scope = board.definitions, board.scope
    return {
        "from": str(scope.period.first),
        "to": str(scope.period.last),
        "stream": scope.stream,
        "area": scope.area or None,
        "imported": str(scope.imported),
        "definitions": {
            "valid_from": str(chosen.valid_from) if chosen.valid_from else None,
            "missed_sources": [str(source) for source in chosen.missed_sources],
            "accuracy": str(chosen.accuracy),
            "count_forced": chosen.count_forced,
        },
        "figures": [figure_json(figure, board) for figure in board.figures],
        "by_area": [row_json(row) for row in board.by_area],
        "by_department": [row_json(row) for row in board.by_department],
        "trend": [{"day": row.code, **tallies_json(row)} for row in board.trend],
    }


def figure_json(figure: Figure, board: Board) -> dict[str, Any]:
    words = {}
    for language in LANGUAGES:
        with override(language):
            words[language] = words_of(figure.key, board.definitions, board.scope.imported)
    return {
        "key": str(figure.key),
        "title": figure.title,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "value": figure.value,
        "unit": figure.unit,
        "claim": figure.claim,
        "definition": figure.definition,
        "definitions": words,
    }


def row_json(row: Row) -> dict[str, Any]:
    return {"code": row.code, "name": row.name, "name_en": row.name_en, **tallies_json(row)}


def tallies_json(row: Row) -> dict[str, Any]:
    return {
        str(key): {"numerator": tally.numerator, "denominator": tally.denominator, "value": tally.value}
        for key, tally in row.tallies.items()
    }
