"""The administration: who gets in, what each administrator may do, and that cases stay what they are."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from casework.models import Case, CaseClock, Entry, Holding, Organisation, Person, Post, Token
from casework.roles import ADMINISTRATORS, Role, may_share_a_person
from dispatch.models import IndicatorPolicy, RoutingRule, StepLimit
from gis_data.models import Area, Cell
from gridcity.administrators import RIGHTS, permissions_of
from tests.factories.city import WATER
from tests.factories.journeys import Journey
from tests.factories.people import LONG_AGO, PASSWORD, Town, holder, small_town

pytestmark = pytest.mark.django_db

USERNAMES = {Role.SYSTEM_ADMIN: "sven", Role.SECURITY_ADMIN: "sela", Role.AUDIT_ADMIN: "otto"}


@pytest.fixture
def town() -> Town:
    town = small_town()
    office = Organisation.objects.create(code="110101-GOV", name="区政府", kind="government")
    for role, username in USERNAMES.items():
        holder(username, username.title(), role, office)
    return town


def signed_in(username: str) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    assert client.login(username=username, password=PASSWORD)
    return client


def as_role(role: Role) -> Client:
    return signed_in(USERNAMES[role])


def url(action: str, model: type[Model], *args: object) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{action}", args=args)


def errors_of(response) -> dict[str, list[str]]:
    assert response.status_code == 200, "nothing was refused"
    return dict(response.context["adminform"].form.errors)


# --- the door -----------------------------------------------------------------------------------------------


def test_a_stranger_is_sent_to_the_one_login_page_and_comes_back(town: Town) -> None:
    page = url("changelist", RoutingRule)
    to_admin_login = Client().get(page)
    assert to_admin_login.status_code == 302
    to_login = Client().get(to_admin_login["Location"])
    assert to_login["Location"] == f"{reverse('login')}?next=%2Fadmin%2Fdispatch%2Froutingrule%2F"


def test_a_foreign_address_is_not_followed_after_login(town: Town) -> None:
    there = as_role(Role.SYSTEM_ADMIN).get(reverse("admin:login"), {"next": "//evil.example/"})
    assert there["Location"] == reverse("admin:index")


@pytest.mark.parametrize("username", ["alice", "amy", "lei", "bo", "chen", "mo"])
def test_posts_of_the_cases_are_refused(town: Town, username: str) -> None:
    client = signed_in(username)
    response = client.get(reverse("admin:index"), follow=True)
    assert response.status_code == 403


def test_flags_open_nothing(town: Town) -> None:
    Person.objects.filter(username="mo").update(is_staff=True, is_superuser=True)
    assert signed_in("mo").get(reverse("admin:index"), follow=True).status_code == 403
    Person.objects.filter(username="otto").update(is_staff=True, is_superuser=True)
    assert as_role(Role.AUDIT_ADMIN).get(url("add", RoutingRule)).status_code == 403


def test_a_post_given_up_closes_the_door_at_once(town: Town) -> None:
    client = as_role(Role.SYSTEM_ADMIN)
    assert client.get(reverse("admin:index")).status_code == 200
    Holding.objects.filter(person__username="sven").update(until=timezone.now() - timedelta(days=1))
    assert client.get(reverse("admin:index"), follow=True).status_code == 403


def test_a_key_for_programs_opens_no_page(town: Town) -> None:
    _token, key = Token.make(Person.objects.get(username="sven"), "script")
    response = Client(headers={"Authorization": f"Bearer {key}"}).get(reverse("admin:index"))
    assert response.status_code == 302


# --- who may do what ----------------------------------------------------------------------------------------


def pages_of(role: Role) -> dict[type[Model], frozenset[str]]:
    """The models with pages of their own and what the role may do there; clocks are shown with their case."""
    rights = {apps.get_model(label): actions for label, actions in RIGHTS[role].items()}
    return {model: actions for model, actions in rights.items() if model is not CaseClock}


def test_every_right_is_of_a_model_that_is_there() -> None:
    for role in RIGHTS:
        for model in pages_of(role):
            assert admin.site.is_registered(model), model


def test_the_audit_administrator_changes_nothing() -> None:
    assert {name.split(".")[1].split("_")[0] for name in permissions_of(Role.AUDIT_ADMIN)} == {"view"}


def test_nobody_changes_cases_clocks_journal_or_the_log() -> None:
    touching = re.compile(r"(add|change|delete)_(case|caseclock|entry|routingdecision|logentry|notice)$")
    for role in ADMINISTRATORS:
        assert not [name for name in permissions_of(role) if touching.search(name)]


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
def test_every_page_opens_exactly_as_the_table_says(town: Town, role: Role) -> None:
    """Lists and forms of all models, each for each administrator."""
    Journey(town).file()
    client = as_role(role)
    index = client.get(reverse("admin:index")).content.decode()
    for model in admin.site._registry:
        label = model._meta.label_lower
        actions = RIGHTS[role].get(label, frozenset())
        listed = client.get(url("changelist", model))
        assert listed.status_code == (200 if "view" in actions else 403), label
        assert (f'href="{url("changelist", model)}"' in index) == ("view" in actions), label
        added = client.get(url("add", model))
        assert added.status_code == (200 if "add" in actions else 403), label
        row = model._default_manager.first()
        if row is not None:
            shown = client.get(url("change", model, row.pk))
            assert shown.status_code == (200 if "view" in actions else 403), label
            if shown.status_code == 200:
                assert ('name="_save"' in shown.content.decode()) == ("change" in actions), label
            deleted = client.get(url("delete", model, row.pk))
            assert deleted.status_code == (200 if "delete" in actions else 403), label


def test_searching_works_on_every_list(town: Town) -> None:
    for role in ADMINISTRATORS:
        client = as_role(role)
        for model in pages_of(role):
            assert client.get(url("changelist", model), {"q": "110101"}).status_code == 200, model


def test_no_page_fetches_anything_from_outside_or_runs_inline_code(town: Town) -> None:
    foreign = re.compile(
        r'(?:src|href|action)="(?:https?:)?//|<script(?![^>]*\bsrc=)(?![^>]*json)[^>]*>|\sstyle="|\son\w+="'
    )
    Journey(town).file()
    for role in ADMINISTRATORS:
        client = as_role(role)
        pages = [reverse("admin:index")]
        for model, actions in pages_of(role).items():
            pages.append(url("changelist", model))
            if "add" in actions:
                pages.append(url("add", model))
            row = model._default_manager.first()
            if row is not None:
                pages.append(url("change", model, row.pk))
        for page in pages:
            found = foreign.search(client.get(page).content.decode())
            assert found is None, (page, found)


def test_shapes_are_drawn_and_cannot_be_edited(town: Town) -> None:
    client = as_role(Role.SYSTEM_ADMIN)
    for model, row in ((Cell, town.city.cells[1]), (Area, town.city.communities[0])):
        page = client.get(url("change", model, row.pk)).content.decode()
        assert page.count('stroke-linejoin="round"') == 2, "the shape within its community or street"
        assert 'name="border"' not in page
    border = town.city.communities[0].border
    client.post(
        url("change", Area, town.city.communities[0].pk),
        {"name": "多福巷", "name_en": "Duofu Lane", "border": "POINT(0 0)", "code": "1"},
    )
    area = Area.objects.get(pk=town.city.communities[0].pk)
    assert (area.name, area.code, area.border) == ("多福巷", "110101001001", border)


# --- cases are only shown -----------------------------------------------------------------------------------


def test_a_case_is_shown_with_its_journal_and_no_form_changes_it(town: Town) -> None:
    journey = Journey(town).file().dispatch()
    before = Case.objects.filter(pk=journey.id).values().get()
    client = as_role(Role.AUDIT_ADMIN)
    page = client.get(url("change", Case, journey.id)).content.decode()
    for verb in ("report", "file", "dispatch"):
        assert f"<td>{verb}</td>" in page
    for sent in (
        {"state": "closed"},
        {"action": "delete_selected", "_selected_action": str(journey.id), "post": "yes"},
    ):
        client.post(url("change", Case, journey.id), sent)
        client.post(url("changelist", Case), sent)
        assert client.post(url("delete", Case, journey.id), {"post": "yes"}).status_code == 403
    assert Case.objects.filter(pk=journey.id).values().get() == before
    assert Entry.objects.filter(case_id=journey.id).count() == 3
    assert not admin.site.is_registered(Entry)


# --- people, posts, holdings --------------------------------------------------------------------------------


def test_a_person_is_made_with_a_password_and_a_language_and_can_sign_in(town: Town) -> None:
    client = as_role(Role.SECURITY_ADMIN)
    sent = {
        "username": "nina", "name": "Nina", "language": "en", "phone": "", "usable_password": "true",
        "password1": "quiet harbour 42", "password2": "quiet harbour 42",
    }  # fmt: skip
    refused = client.post(url("add", Person), {**sent, "password1": "nina", "password2": "nina"})
    assert "password2" in errors_of(refused)
    assert client.post(url("add", Person), sent).status_code == 302
    nina = Person.objects.get(username="nina")
    assert (nina.language, nina.demo, nina.is_staff, nina.is_superuser) == ("en", False, False, False)
    assert Client().login(username="nina", password="quiet harbour 42")
    made = LogEntry.objects.get(object_id=str(nina.pk), action_flag=1)
    assert made.user.username == "sela"


def test_the_demo_flag_and_account_flags_cannot_be_set_by_form(town: Town) -> None:
    sven = Person.objects.get(username="sven")
    as_role(Role.SECURITY_ADMIN).post(
        url("change", Person, sven.pk),
        {
            "username": "sven", "name": "Sven", "language": "en", "is_active": "on", "demo": "on",
            "is_superuser": "on", "is_staff": "on",
            "holdings-TOTAL_FORMS": "0", "holdings-INITIAL_FORMS": "0",
        },
    )  # fmt: skip
    sven.refresh_from_db()
    assert (sven.language, sven.demo, sven.is_superuser, sven.is_staff) == ("en", False, False, False)


def test_a_system_administrator_sees_names_but_no_telephone(town: Town) -> None:
    Person.objects.filter(username="alice").update(phone="13900000000")
    alice = Person.objects.get(username="alice")
    page = as_role(Role.SYSTEM_ADMIN).get(url("change", Person, alice.pk)).content.decode()
    assert "Alice" in page
    assert "13900000000" not in page
    assert "13900000000" in as_role(Role.SECURITY_ADMIN).get(url("change", Person, alice.pk)).content.decode()


def test_roles_that_exclude_each_other() -> None:
    for one in ADMINISTRATORS:
        assert may_share_a_person(one, one)
        assert not any(may_share_a_person(one, other) for other in set(Role) - {one})
    assert may_share_a_person(Role.ACCEPTOR, Role.SHIFT_LEADER)


def test_a_second_role_for_an_administrator_is_refused_by_form_model_and_database(town: Town) -> None:
    sven, post = Person.objects.get(username="sven"), Post.objects.get(role=Role.SECURITY_ADMIN)
    refused = as_role(Role.SECURITY_ADMIN).post(
        url("add", Holding), {"post": post.pk, "person": sven.pk, "since_0": "2026-01-01", "since_1": "00:00"}
    )
    assert "holds no other role" in str(errors_of(refused))
    holding = Holding(post=post, person=sven, since=timezone.now())
    with pytest.raises(ValidationError, match="holds no other role"):
        holding.full_clean()
    for role in (Role.SECURITY_ADMIN, Role.DISPATCHER):
        second = Holding(post=Post.objects.get(role=role), person=sven, since=timezone.now())
        with pytest.raises(IntegrityError, match="no other role"), transaction.atomic():
            Holding.objects.bulk_create([second])
    with pytest.raises(IntegrityError, match="no other role"), transaction.atomic():
        Holding.objects.filter(person__username="mo").update(person=sven)


def test_one_administrators_post_after_another_is_possible(town: Town) -> None:
    sven, post = Person.objects.get(username="sven"), Post.objects.get(role=Role.AUDIT_ADMIN)
    end = datetime(2026, 6, 1, tzinfo=UTC)
    Holding.objects.filter(person=sven).update(until=end)
    later = Holding(post=post, person=sven, since=end)
    later.full_clean()
    later.save()
    earlier = Holding(
        post=Post.objects.get(role=Role.MANAGER), person=sven, since=LONG_AGO - timedelta(days=9)
    )
    earlier.until = LONG_AGO
    earlier.full_clean()
    earlier.save()
    with pytest.raises(IntegrityError, match="no other role"), transaction.atomic():
        Holding.objects.filter(pk=later.pk).update(since=end - timedelta(seconds=1))


def test_the_role_of_a_post_that_was_held_is_final(town: Town) -> None:
    with pytest.raises(IntegrityError, match="is final"), transaction.atomic():
        Post.objects.filter(role=Role.MANAGER).update(role=Role.SYSTEM_ADMIN)
    fresh = Post.objects.create(
        organisation=Organisation.objects.get(code=WATER), role=Role.MANAGER, title="new", stream_id="110101"
    )
    Post.objects.filter(pk=fresh.pk).update(role=Role.DEPARTMENT)


# --- rules, limits, definitions -----------------------------------------------------------------------------

RULE = {
    "name": "bins", "district_code": "110101", "class_kind": "component", "class_code": "0305",
    "area_code": "", "owner_code": "", "priority": "0", "valid_from_0": "2026-01-01", "valid_from_1": "00:00",
}  # fmt: skip


def test_a_changed_rule_is_logged_with_who_and_what(town: Town) -> None:
    client, rule = as_role(Role.SYSTEM_ADMIN), town.water_rule
    sent = {
        **RULE,
        "name": rule.name,
        "class_code": "01",
        "organisation": rule.organisation_id,
        "priority": "7",
    }
    assert client.post(url("change", RoutingRule, rule.pk), sent).status_code == 302
    rule.refresh_from_db()
    assert rule.priority == 7
    log = LogEntry.objects.get(object_id=str(rule.pk))
    assert log.user.username == "sven"
    assert "priority" in log.change_message.lower()
    page = as_role(Role.AUDIT_ADMIN).get(url("changelist", LogEntry)).content.decode()
    assert rule.name in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"area_code": "1101"}, "area_code"),
        ({"area_code": "110105001"}, "area_code"),
        ({"class_kind": ""}, "class_kind"),
        ({"quota": "4"}, "unit"),
        ({"unit": "working_day"}, "unit"),
        ({"from_hour": "08:00"}, "to_hour"),
        ({"unit": "fortnight"}, "unit"),
        ({"valid_to_0": "2025-01-01", "valid_to_1": "00:00"}, "__all__"),
    ],
)
def test_a_rule_that_could_never_work_is_refused(town: Town, change: dict[str, str], field: str) -> None:
    sent = {**RULE, "organisation": town.water_rule.organisation_id, **change}
    assert field in errors_of(as_role(Role.SYSTEM_ADMIN).post(url("add", RoutingRule), sent))
    assert not RoutingRule.objects.filter(name="bins").exists()


def test_a_limit_names_a_clock_of_the_centres(town: Town) -> None:
    client = as_role(Role.SYSTEM_ADMIN)
    sent = {"clock": "handling", "quota": "2", "unit": "working_hour"}
    assert "clock" in errors_of(client.post(url("add", StepLimit), sent))
    assert client.post(url("add", StepLimit), {**sent, "clock": "dispatching"}).status_code == 302


def test_the_definition_of_the_figures_is_chosen_by_ticks(town: Town) -> None:
    client = as_role(Role.SYSTEM_ADMIN)
    sent = {
        "stream": "110101", "valid_from": "2026-01-01", "missed_sources": ["web", "media"],
        "accuracy": "never_reworked",
    }  # fmt: skip
    assert "missed_sources" in errors_of(
        client.post(url("add", IndicatorPolicy), {**sent, "missed_sources": ["inspector"]})
    )
    assert client.post(url("add", IndicatorPolicy), sent).status_code == 302
    policy = IndicatorPolicy.objects.get()
    assert (policy.missed_sources, policy.accuracy) == (["web", "media"], "never_reworked")


def test_a_key_can_be_revoked_but_never_read(town: Town) -> None:
    token, key = Token.make(Person.objects.get(username="mo"), "wall board")
    client = as_role(Role.SECURITY_ADMIN)
    page = client.get(url("change", Token, token.pk)).content.decode()
    assert "wall board" in page
    assert key not in page
    assert bytes(token.digest).hex() not in page
    assert client.post(url("delete", Token, token.pk), {"post": "yes"}).status_code == 302
    assert not Token.objects.exists()
