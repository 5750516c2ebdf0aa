"""How well each rule sends: of the cases it sent, how many came back, or went elsewhere in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

# The last decision about a case says who had it in the end.
_SENT = """
SELECT sent.rule_id, count(*), count(*) FILTER (WHERE sent.returned_at IS NOT NULL),
    count(*) FILTER (WHERE sent.organisation_id <> latest.organisation_id)
FROM dispatch_routingdecision AS sent
JOIN casework_case ON casework_case.id = sent.case_id
JOIN LATERAL (SELECT organisation_id FROM dispatch_routingdecision AS d
    WHERE d.case_id = sent.case_id ORDER BY d.decided_at DESC, d.id DESC LIMIT 1) AS latest ON true
WHERE sent.rule_id IS NOT NULL AND casework_case.stream_id = %s AND sent.decided_at >= %s
GROUP BY sent.rule_id
"""


@dataclass(frozen=True)
class Accuracy:
    """returned   came back from the department.   elsewhere   handled by another in the end"""

    sent: int = 0
    returned: int = 0
    elsewhere: int = 0

    @property
    def share(self) -> float | None:
        """Of those sent, the share that stayed where the rule sent it; None where it sent none."""
        return round((self.sent - self.elsewhere) / self.sent, 4) if self.sent else None


def accuracy_of_rules(stream: str, since: datetime) -> dict[int, Accuracy]:
    """By rule, over the decisions since then. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_SENT, [stream, since])
        return {rule: Accuracy(*counts) for rule, *counts in cursor.fetchall()}
