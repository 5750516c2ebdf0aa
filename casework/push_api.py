"""The edge of messages to phones: a browser subscribes, or takes it back."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from casework import push
from casework.api import caller, signed_in
from casework.schemas import In, Out

router = Router(tags=["Messages to phones"], auth=signed_in)


class KeysIn(In):
    p256dh: str = Field(max_length=100)
    auth: str = Field(max_length=40)


class SubscriptionIn(In):
    """As the browser's `PushSubscription.toJSON()` gives it."""

    endpoint: str = Field(max_length=500)
    keys: KeysIn


class EndpointIn(In):
    endpoint: str = Field(max_length=500)


class SubscribedOut(Out):
    endpoint: str


@router.post("/push/subscriptions", response={201: SubscribedOut, 200: SubscribedOut})
def subscribe(request: HttpRequest, body: SubscriptionIn) -> Status[dict[str, str]]:
    """Take messages in this browser. Off unless the city has named push services."""
    is_new = push.subscribe(caller(request).person_id, body.endpoint, body.keys.p256dh, body.keys.auth)
    return Status(201 if is_new else 200, {"endpoint": body.endpoint})


@router.delete("/push/subscriptions", response={204: None})
def unsubscribe(request: HttpRequest, body: EndpointIn) -> Status[None]:
    """Take no more messages in this browser. A repeat is harmless."""
    push.unsubscribe(caller(request).person_id, body.endpoint)
    return Status(204, None)
