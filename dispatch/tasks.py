"""What happens by itself each night. Each task may run twice or late without harm."""

from __future__ import annotations

from casework.models import Stream
from casework.tasks import periodic
from dispatch import leases, patrol, succession, suggestions, undoing
from dispatch.phone import chips


@periodic("53 2 * * *")
def forget_patrols() -> None:
    """Positions and visits whose day has come are deleted."""
    patrol.forget_due()


@periodic("*/15 * * * *")
def end_forgotten_shifts() -> None:
    patrol.end_forgotten()


@periodic("7 * * * *")
def forget_leases_and_images() -> None:
    leases.forget_ended()
    undoing.forget_old()


@periodic("41 2 * * *")
def learn_suggestions() -> None:
    """Who handled what, for the dispatcher where the rules leave a choice."""
    for stream in Stream.objects.values_list("code", flat=True):
        suggestions.learn(stream)


@periodic("* * * * *")
def carry_out_successions() -> None:
    """Organisations whose day has come hand over rules and open work."""
    succession.carry_out_due()


@periodic("17 2 * * *")
def make_rankings() -> None:
    """The chips of the phones, from what has been filed until tonight."""
    for stream in Stream.objects.values_list("code", flat=True):
        table = chips.make_table(stream)
        if table["chips"]:
            chips.keep_table(stream, table)
