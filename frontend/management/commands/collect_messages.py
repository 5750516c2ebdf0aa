"""Bring the catalogues of locale/ up to date with the sources."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from frontend.messages import ROOT, Key, Message, page_messages, server_messages

HEADER = {
    "Project-Id-Version": "GridCity",
    "Language": "zh_Hans",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}


class Command(BaseCommand):
    help = (
        "Collect every sentence of code, templates and pages into locale/zh_Hans; what is no longer used is "
        "dropped. Needs polib, a development requirement. The front-end build compiles the catalogues."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--list", action="store_true", help="print what is not translated yet, write nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for domain, messages in (("django", server_messages()), ("djangojs", page_messages())):
            self._update(domain, messages, write=not options["list"])

    def _update(self, domain: str, messages: dict[Key, Message], *, write: bool) -> None:
        import polib

        path = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / f"{domain}.po"
        old = {(e.msgctxt or "", e.msgid): e for e in polib.pofile(str(path))} if path.exists() else {}
        catalogue = polib.POFile(wrapwidth=100)
        catalogue.metadata = HEADER
        missing = 0
        for key, message in sorted(messages.items(), key=lambda item: (item[0][1].lower(), item[0])):
            context, text = key
            entry = polib.POEntry(msgctxt=context or None, msgid=text)
            known = old.get(key)
            if message.plural:
                entry.msgid_plural = message.plural
                entry.msgstr_plural = {0: known.msgstr_plural.get(0, "") if known else ""}
            else:
                entry.msgstr = known.msgstr if known else ""
            if "%(" in text or "%s" in text:
                entry.flags = ["python-format"]
            entry.occurrences = [(place.rsplit(":", 1)[0], "") for place in dict.fromkeys(message.places)][:1]
            catalogue.append(entry)
            if not entry.translated():
                missing += 1
                self.stdout.write(f"{domain}: {context and context + ' | '}{text}")
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            catalogue.save(str(path))
        self.stdout.write(f"{domain}: {len(messages)} messages, {missing} not translated")
