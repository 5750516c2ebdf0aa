"""The edge of the ground: signing in and out, who I am, keys for programs."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils import translation
from django.utils.translation import gettext as _
from ninja import Router, Status
from ninja.errors import AuthenticationError
from ninja.utils import check_csrf

from casework.access import POST_KEY, Actor, actor_of, holdings_of
from casework.errors import Invalid, Missing, NotAllowed, NotSignedIn
from casework.flows import all_flows
from casework.models import Holding, Person, Token
from casework.roles import Role
from casework.schemas import LoginIn, MeIn, MeOut, TokenIn, TokenOut
from casework.throttle import slow_down

HOME = {
    Role.INSPECTOR: "/inspector/",
    Role.ACCEPTOR: "/desk/supervision/",
    Role.SHIFT_LEADER: "/desk/supervision/",
    Role.DISPATCHER: "/desk/dispatch/",
    Role.DEPARTMENT: "/desk/department/",
    Role.MANAGER: "/board/",
}


def signed_in(request: HttpRequest) -> Actor:
    """The caller with a post; who names no language, as programs do, is answered in the caller's own.

    A browser names one, by cookie or header, and its pages are in that already: answers must not differ.
    A session is only good together with its CSRF token; a key in the header needs none.
    """
    actor = actor_of(request)
    if actor is None:
        raise AuthenticationError
    if "Authorization" not in request.headers and request.method not in ("GET", "HEAD", "OPTIONS"):
        refused = check_csrf(request)
        if refused is not None:
            raise NotAllowed(
                _("This page is too old to send from."), field="csrf", mend=_("Load it again and repeat.")
            )
    if "Accept-Language" not in request.headers:
        translation.activate(actor.language)
    return actor


def caller(request: HttpRequest) -> Actor:
    """The actor that `signed_in` has let through."""
    actor = actor_of(request)
    if actor is None:
        raise NotSignedIn(_("You are not signed in."))
    return actor


router = Router(tags=["People"], auth=signed_in)


def me_of(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    holdings = holdings_of(actor.person_id)
    posts = [_post(holding) for holding in holdings]
    return {
        "id": actor.person_id,
        "username": holdings[0].person.username,
        "name": actor.name,
        "language": actor.language,
        "csrf": get_token(request),
        "stream": actor.stream,
        "post": next(post for post in posts if post["id"] == actor.post_id),
        "posts": posts,
        "home": HOME.get(actor.role, "/admin/"),
        "verbs": [move.verb for flow in all_flows() for move in flow.moves if actor.role in move.by],
    }


def _post(holding: Holding) -> dict[str, Any]:
    post = holding.post
    chinese = (translation.get_language() or "zh").startswith("zh")
    return {
        "id": post.pk,
        "title": post.title if chinese or not post.title_en else post.title_en,
        "role": post.role,
        "role_label": str(Role(post.role).label),
        "organisation": {
            "code": post.organisation.code,
            "name": post.organisation.name,
            "name_en": post.organisation.name_en or post.organisation.name,
        },
    }


@router.get("/session", auth=None)
def session(request: HttpRequest) -> dict[str, str]:
    """A CSRF token to sign in with."""
    return {"csrf": get_token(request)}


@router.post("/session", auth=None, response=MeOut)
def sign_in(request: HttpRequest, body: LoginIn) -> dict[str, Any]:
    """Open a session. After several failures from one address or for one name there is a wait."""
    refused = check_csrf(request)
    if refused is not None:
        raise NotAllowed(
            _("This page is too old to send from."), field="csrf", mend=_("Load it again and repeat.")
        )
    failed = slow_down(request, body.username)
    person = authenticate(request, username=body.username, password=body.password)
    if not isinstance(person, Person) or not person.is_active:
        failed.count()
        raise NotSignedIn(
            _("Name or password is wrong."), field="password", mend=_("Try again; mind upper and lower case.")
        )
    if not holdings_of(person.pk):
        raise NotAllowed(
            _("You hold no post at present."),
            field="username",
            value=body.username,
            mend=_("Ask the security administrator to enter your post."),
        )
    login(request, person)
    failed.forget()
    actor = actor_of(request)
    assert actor is not None, "a person with a post has just signed in"
    translation.activate(actor.language)
    return me_of(request, actor)


@router.delete("/session", auth=None, response={204: None})
def sign_out(request: HttpRequest) -> Status[None]:
    logout(request)
    return Status(204, None)


@router.get("/me", response=MeOut)
def me(request: HttpRequest) -> dict[str, Any]:
    """Who I am, by which post, and what that post may do."""
    return me_of(request, caller(request))


@router.patch("/me", response=MeOut)
def change_me(request: HttpRequest, body: MeIn) -> dict[str, Any]:
    """Change my language, or act by another of my posts."""
    actor = caller(request)
    if body.language is not None:
        if body.language not in ("zh-hans", "en"):
            raise Invalid(
                _("There is no language “%(language)s”.") % {"language": body.language},
                field="language",
                value=body.language,
                mend="zh-hans, en",
            )
        Person.objects.filter(pk=actor.person_id).update(language=body.language)
        translation.activate(body.language)
    if body.post_id is not None:
        if body.post_id not in {holding.post_id for holding in holdings_of(actor.person_id)}:
            raise NotAllowed(_("You do not hold that post."), field="post_id", value=body.post_id)
        request.session[POST_KEY] = body.post_id
    del request._gridcity_actor  # type: ignore[attr-defined]
    return me_of(request, caller(request))


@router.post("/tokens", response={201: TokenOut})
def make_token(request: HttpRequest, body: TokenIn) -> Status[dict[str, Any]]:
    """A key for a program that acts by my first post. It is shown once."""
    token, key = Token.make(Person.objects.get(pk=caller(request).person_id), body.label)
    return Status(201, {"id": token.pk, "label": token.label, "token": key})


@router.delete("/tokens/{int:token_id}", response={204: None})
def drop_token(request: HttpRequest, token_id: int) -> Status[None]:
    dropped, _rows = Token.objects.filter(pk=token_id, person_id=caller(request).person_id).delete()
    if not dropped:
        raise Missing(_("You have no such key."), field="token_id", value=token_id)
    return Status(204, None)
