"""The sums of facts, in SQL: one relation of facts → the rows of `Rollup` they add to."""

from __future__ import annotations

from typing import Final

from dispatch.indicators.counters import COUNTERS

COLUMNS: Final = tuple(f"c{number}" for number in range(len(COUNTERS)))
NAMES: Final = ", ".join(COLUMNS)
KEYS: Final = "stream_id, grain, dim, width, area, bucket, key"
DIMENSIONS: Final = ("department", "class", "post", "person")
WIDTHS: Final = (6, 9, 12, 15)

_SUMS = ",\n    ".join(
    f"nullif(max(amount) FILTER (WHERE counter = {number}), 0) AS {column}"
    for number, column in enumerate(COLUMNS)
)


def cube(facts: str) -> str:
    """A SELECT of sums over the relation `facts`, which has the columns of `Counted`; by day and month.

    Summed first a row a counter, then laid out a column a counter: the second step is dear and sees few rows.
    Texts are compared byte by byte: by the rules of a language, sorting them took most of the time.
    """
    return f"""SELECT stream_id COLLATE "default" AS stream_id, grain COLLATE "default" AS grain,
    dim COLLATE "default" AS dim, width, area, bucket, key,
    {_SUMS}
FROM (SELECT stream_id COLLATE "C" AS stream_id, grain COLLATE "C" AS grain, dim COLLATE "C" AS dim, width,
    left(cell, width) COLLATE "C" AS area, bucket, key, counter, sum(amount)::bigint AS amount
FROM {facts} AS fact
CROSS JOIN LATERAL (VALUES ('d', day), ('m', date_trunc('month', day)::date)) AS span (grain, bucket)
CROSS JOIN (VALUES (6::smallint), (9::smallint), (12::smallint), (15::smallint)) AS wide (width)
CROSS JOIN LATERAL (VALUES ('', 0::bigint), ('department', department_id), ('class', class_id),
    ('post', post_id), ('person', person_id)) AS who (dim, key)
WHERE width < 15 OR dim = ''
GROUP BY 1, 2, 3, 4, 5, bucket, key, counter) AS of_counter
GROUP BY of_counter.stream_id, of_counter.grain, of_counter.dim, width, area, bucket, key"""


def fill(facts: str) -> str:
    """A statement that writes the sums of these facts where none stand yet."""
    return f"INSERT INTO indicators_rollup ({KEYS}, {NAMES})\n{cube(facts)}"


def add(facts: str) -> str:
    """A statement that adds the sums of these (signed) facts to the table."""
    sets = ",\n    ".join(
        f"{column} = nullif(coalesce(r.{column}, 0) + coalesce(excluded.{column}, 0), 0)"
        for column in COLUMNS
    )
    return f"""INSERT INTO indicators_rollup AS r ({KEYS}, {NAMES})
{cube(facts)}
ON CONFLICT ({KEYS}) DO UPDATE SET
    {sets}"""
