"""Cases read from the journal and folded, some hundred at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from django.db import connection

from dispatch.indicators.facts import Folded, Step, fold
from dispatch.workflow import KIND

# what a fold needs and no more; the first entry's card says where and what the case is
_STEPS = """
SELECT e.case_id, e.seq, e.case_seq, e.verb, e.at, coalesce(e.actor_id, 0), coalesce(e.post_id, 0),
    e.state_to, (e.facts->>'undone')::int, coalesce((e.facts->>'organisation_id')::bigint, 0),
    coalesce(e.facts->>'result', ''), coalesce((e.facts->>'inspector_id')::bigint, 0),
    e.facts->'clocks', e.card->>'cell_code', (e.card->>'class_id')::bigint, e.card->>'source'
FROM casework_entry AS e
WHERE e.case_id = ANY(%(cases)s) AND e.seq <= %(upto)s AND e.stream_id = %(stream)s AND e.kind = %(kind)s
ORDER BY e.case_id, e.case_seq
"""


def steps_of(stream: str, cases: Sequence[UUID], upto: int) -> Iterator[tuple[UUID, list[Step]]]:
    """The entries of these reports up to a number of the stream, case by case. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, {"cases": list(cases), "upto": upto, "stream": stream, "kind": KIND})
        rows = cursor.fetchall()
    for case_id, own in groupby(rows, key=itemgetter(0)):
        yield case_id, [Step._make((*row[1:12], _acts(row[12]), *row[13:])) for row in own]


def _acts(clocks: str | dict[str, dict[str, str]] | None) -> dict[str, dict[str, str]]:
    if not clocks:
        return {}
    found: dict[str, dict[str, str]] = json.loads(clocks) if isinstance(clocks, str) else clocks
    return found


def folded(
    stream: str, cases: Sequence[UUID], upto: int, zone: tzinfo, as_of: datetime
) -> Iterator[tuple[UUID, Folded]]:
    for case_id, steps in steps_of(stream, cases, upto):
        yield case_id, fold(steps, zone, as_of)


def case_ids(stream: str, *, chunk: int = 500) -> Iterator[list[UUID]]:
    """The stream's reports in order of their ids, some at a time."""
    after: UUID | None = None
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT id FROM casework_case WHERE stream_id = %(stream)s AND kind = %(kind)s
                    AND id > %(after)s::uuid ORDER BY id LIMIT %(chunk)s""",
                {"stream": stream, "kind": KIND, "after": after or UUID(int=0), "chunk": chunk},
            )
            found = [row[0] for row in cursor.fetchall()]
        if not found:
            return
        yield found
        after = found[-1]
