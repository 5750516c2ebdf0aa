"""No sentence without a translation, none half done, none with other placeholders than its source."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping

import polib
import pytest

from frontend.messages import (
    ROOT,
    Key,
    Message,
    page_messages,
    placeholders,
    python_messages,
    script_messages,
    server_messages,
    template_messages,
)

DOMAINS: Mapping[str, object] = {"django": server_messages, "djangojs": page_messages}


def catalogue(domain: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / f"{domain}.po"))


def entries(domain: str) -> dict[Key, polib.POEntry]:
    return {(entry.msgctxt or "", entry.msgid): entry for entry in catalogue(domain)}


def wanted(domain: str) -> dict[Key, Message]:
    return DOMAINS[domain]()  # type: ignore[operator, no-any-return]


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_message_is_translated(domain: str) -> None:
    known = entries(domain)
    missing = {
        key: message.places[:2]
        for key, message in wanted(domain).items()
        if key not in known or not known[key].translated()
    }
    assert not missing, "run bin/gridcity collect_messages, then translate what it lists"


@pytest.mark.parametrize("domain", DOMAINS)
def test_no_translation_is_left_over_or_fuzzy(domain: str) -> None:
    known = entries(domain)
    assert not [entry.msgid for entry in known.values() if entry.fuzzy or entry.obsolete]
    assert set(known) <= set(wanted(domain))


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_translation_has_the_placeholders_of_its_source(domain: str) -> None:
    unequal = []
    for entry in catalogue(domain):
        asked = placeholders(entry.msgid) | placeholders(entry.msgid_plural)
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text and placeholders(text) != asked:
                unequal.append((entry.msgid, text))
    assert not unequal


def test_the_readers_of_sources_find_what_is_shown() -> None:
    python = (
        'from django.utils.translation import gettext_lazy as _, ngettext\n_("one")\nngettext("a", "b", 2)\n'
    )
    assert [(key, plural) for key, plural, _ in python_messages(python)] == [
        (("", "one"), ""),
        (("", "a"), "b"),
    ]
    template = (
        '{% load i18n %}<a title="{% translate "two" %}">'
        "{% blocktranslate with n=1 %}x {{ n }}{% endblocktranslate %}"
    )
    assert [key for key, _, _ in template_messages(template)] == [("", "two"), ("", "x %(n)s")]
    script = 't("three {n}", { n }); tn("{n} a", "{n} b", n); tp("state", "closed"); at("no"); t(name)'
    assert [(key, plural) for key, plural, _ in script_messages(script)] == [
        (("", "three {n}"), ""),
        (("", "{n} a"), "{n} b"),
        (("state", "closed"), ""),
    ]


def test_scripts_hand_over_only_literal_sentences() -> None:
    """A sentence put together at run time could not be found, nor translated."""
    for path in sorted(set((ROOT / "frontend" / "src").rglob("*.js")) - {ROOT / "frontend/src/lib/i18n.js"}):
        assert not re.search(r"(?<![\w.])t[pn]?\(\s*[^\"\s)]", path.read_text("utf-8")), path


@pytest.mark.skipif(
    shutil.which("msgfmt") is None, reason="GNU gettext is not installed; polib has read the files"
)
@pytest.mark.parametrize("domain", DOMAINS)
def test_gnu_gettext_accepts_the_catalogue(domain: str) -> None:
    path = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / f"{domain}.po"
    subprocess.run(["msgfmt", "--check-format", "-o", "-", str(path)], check=True, capture_output=True)
