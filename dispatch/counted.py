"""Which cases a figure counts: one relation each, in SQL, for `dispatch/metrics.py`.

A row is a case, the instant that puts it into a period, its cell, its department, and its amount.

    discovery    first filing, unless voided, declined or withdrawn since; 1 when an inspector found it
    accuracy     first dispatch; 1 unless sent on later to another department (or reworked, by policy)
    resolution   closing; seconds since the report

A move that was undone counts as never made: neither it nor its `undo` is seen by any of these.

A case that was merged into another as its duplicate is counted with that one and not by itself, until the
two are taken apart.

An entry is recorded at most `slack` before the instant it tells of, so `recorded_at` prunes partitions.

What another system told (`dispatch.imported`) is counted only where that is asked for, from its own journal:
the last entry of each imported case, by the times it tells.
"""

from __future__ import annotations

from dispatch.definitions import Imported, Key

_IN_SCOPE = """e.stream_id = %(stream)s AND e.kind = %(kind)s
    AND e.at >= %(starts)s AND e.at < %(ends)s AND e.recorded_at >= %(starts)s - %(slack)s::interval
    AND starts_with(e.card->>'cell_code', %(area)s)"""


def stands(entry: str) -> str:
    """The condition that an entry was not undone; {entry} is its alias. An undo follows within seconds."""
    return f"""NOT EXISTS (SELECT FROM casework_entry AS u
        WHERE u.case_id = {entry}.case_id AND u.case_seq > {entry}.case_seq AND u.verb = 'undo'
        AND (u.facts->>'undone')::int = {entry}.case_seq
        AND u.recorded_at >= {entry}.recorded_at
        AND u.recorded_at <= {entry}.recorded_at + %(slack)s::interval)"""


# No earlier entry of that verb. Its time lies between report and entry: that leaves one or two partitions.
_FIRST = f"""NOT EXISTS (SELECT FROM casework_entry AS p
        WHERE p.case_id = e.case_id AND p.case_seq < e.case_seq AND p.verb = e.verb
        AND p.recorded_at >= (e.card->>'reported_at')::timestamptz - %(slack)s::interval
        AND p.recorded_at <= e.recorded_at + %(slack)s::interval
        AND {stands("p")})"""

# Not merged into another case, as things stand.
APART = """NOT EXISTS (SELECT FROM casework_entry AS m
        WHERE m.case_id = e.case_id AND m.verb = 'mark_duplicate'
        AND m.recorded_at >= (e.card->>'reported_at')::timestamptz - %(slack)s::interval
        AND NOT EXISTS (SELECT FROM casework_entry AS o
            WHERE o.case_id = e.case_id AND o.verb = 'unmark_duplicate' AND o.case_seq > m.case_seq
            AND o.recorded_at >= m.recorded_at - %(slack)s::interval))"""

_LATER = "n.recorded_at >= e.recorded_at - %(slack)s::interval"

_OWN = {
    Key.DISCOVERY: f"""
        SELECT e.case_id, e.at, e.card->>'cell_code' AS cell, NULL::bigint AS department,
            CASE e.card->>'source' WHEN %(inspector)s THEN 1 ELSE 0 END AS amount
        FROM casework_entry AS e
        WHERE {_IN_SCOPE} AND e.verb = 'file' AND e.card->>'source' = ANY(%(sources)s) AND {_FIRST}
            AND {stands("e")} AND {APART}
            AND NOT EXISTS (SELECT FROM casework_entry AS n
                WHERE n.case_id = e.case_id AND n.case_seq > e.case_seq
                AND n.verb IN ('void', 'decline', 'withdraw') AND {_LATER})""",
    Key.ACCURACY: f"""
        SELECT e.case_id, e.at, e.card->>'cell_code' AS cell,
            (e.facts->>'organisation_id')::bigint AS department,
            CASE WHEN wrong.case_id IS NULL THEN 1 ELSE 0 END AS amount
        FROM casework_entry AS e
        LEFT JOIN LATERAL (SELECT n.case_id FROM casework_entry AS n
            WHERE n.case_id = e.case_id AND n.case_seq > e.case_seq AND {_LATER} AND {stands("n")}
            AND CASE WHEN %(by_rework)s THEN n.verb = 'rework'
                ELSE n.verb = 'dispatch' AND n.facts->>'organisation_id' <> e.facts->>'organisation_id' END
            LIMIT 1) AS wrong ON true
        WHERE {_IN_SCOPE} AND e.verb = 'dispatch' AND {_FIRST} AND {stands("e")} AND {APART}""",
    Key.RESOLUTION: f"""
        SELECT e.case_id, e.at, e.card->>'cell_code' AS cell,
            (e.card->>'department_id')::bigint AS department,
            extract(epoch FROM e.at - (e.card->>'reported_at')::timestamptz) AS amount
        FROM casework_entry AS e
        WHERE {_IN_SCOPE} AND e.verb = ANY(%(closing)s)""",
}

# The last entry of each imported case. `ended_at` is never before the closing that was told, so it narrows.
_TOLD = """FROM casework_case AS c
    JOIN casework_entry AS e ON e.case_id = c.id AND e.case_seq = c.version
    WHERE c.kind = %(imported)s AND c.stream_id = %(past)s AND c.opened_at < %(ends)s
        AND starts_with(e.card->>'cell_code', %(area)s)"""

_TOLD_CLOSED = "(e.facts->'times'->>'closed')::timestamptz"

# Whether a case was sent on to another department is not told: imported cases count on neither side.
_IMPORTED = {
    Key.DISCOVERY: f"""
        SELECT c.id AS case_id, c.opened_at AS at, e.card->>'cell_code' AS cell, NULL::bigint AS department,
            CASE e.card->>'source' WHEN %(inspector)s THEN 1 ELSE 0 END AS amount
        {_TOLD} AND c.opened_at >= %(starts)s AND e.card->>'source' = ANY(%(sources)s)
            AND e.facts->>'stood' <> %(cancelled)s""",
    Key.ACCURACY: """
        SELECT NULL::uuid AS case_id, NULL::timestamptz AS at, '' AS cell, NULL::bigint AS department,
            0 AS amount WHERE false""",
    Key.RESOLUTION: f"""
        SELECT c.id AS case_id, {_TOLD_CLOSED} AS at, e.card->>'cell_code' AS cell,
            (e.card->>'department_id')::bigint AS department,
            extract(epoch FROM {_TOLD_CLOSED} - c.opened_at) AS amount
        {_TOLD} AND c.ended_at >= %(starts)s AND e.facts->>'stood' = %(closed)s
            AND {_TOLD_CLOSED} >= %(starts)s AND {_TOLD_CLOSED} < %(ends)s
            AND {_TOLD_CLOSED} >= c.opened_at AND {_TOLD_CLOSED} <= e.recorded_at""",
}


def relation(key: Key, imported: Imported) -> str:
    """The counted cases of a figure: our own, those told by others, or both."""
    parts = {
        Imported.EXCLUDE: [_OWN[key]],
        Imported.INCLUDE: [_OWN[key], _IMPORTED[key]],
        Imported.ONLY: [_IMPORTED[key]],
    }[imported]
    return "\nUNION ALL\n".join(parts)
