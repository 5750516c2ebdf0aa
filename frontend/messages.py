"""Finding every sentence that is shown to people, so that the catalogues can be kept and checked.

Python is read through its syntax tree, templates through Django's own translation of them to Python, the
browser's modules by their calls of t(), tn() and tp() with literal strings. Nothing is executed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("gridcity", "frontend", "dispatch", "casework", "gis_data")
SINGLE = {"gettext", "gettext_lazy", "gettext_noop", "_"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy"}

Key = tuple[str, str]  # context, msgid

_literal = r'"(?:[^"\\]|\\.)*"'
_js_call = re.compile(rf"(?<![\w.])(t|tp|tn)\(\s*({_literal})(?:\s*,\s*({_literal}))?")


@dataclass
class Message:
    plural: str = ""
    places: list[str] = field(default_factory=list)


def python_messages(source: str) -> Iterator[tuple[Key, str, int]]:
    """(context, msgid), plural, line of each translated literal in Python source."""
    aliases: dict[str, str] = {}
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            aliases |= {item.asname or item.name: item.name for item in node.names}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        name = aliases.get(node.func.id, "")
        texts = [
            arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if name in SINGLE and texts:
            yield ("", texts[0]), "", node.lineno
        elif name in PLURAL and len(texts) >= 2:
            yield ("", texts[0]), texts[1], node.lineno
        elif name in CONTEXT and len(texts) >= 2:
            yield (texts[0], texts[1]), "", node.lineno


def template_messages(source: str) -> Iterator[tuple[Key, str, int]]:
    """The same for a Django template."""
    text = r"""u?'[^']*'|u?"[^"]*\""""
    calls = re.compile(rf"\b(ngettext|pgettext|gettext)\((u?'''.*?'''|{text})(?:,\s*({text}))?", re.S)
    for number, line in enumerate(templatize(source).splitlines(), 1):
        for call, first, second in calls.findall(line):
            one = ast.literal_eval(first)
            two = ast.literal_eval(second) if second else ""
            yield ((one, two), "", number) if call == "pgettext" else (("", one), two, number)


def script_messages(source: str) -> Iterator[tuple[Key, str, int]]:
    """The same for a module of the pages."""
    for match in _js_call.finditer(source):
        call, first, second = match.groups()
        one = json.loads(first)
        two = json.loads(second) if second else ""
        line = source.count("\n", 0, match.start()) + 1
        if call == "tp":
            yield (one, two), "", line
        else:
            yield ("", one), two if call == "tn" else "", line


def _collect(files: list[Path], read: object) -> dict[Key, Message]:
    found: dict[Key, Message] = {}
    for path in sorted(files):
        for key, plural, line in read(path.read_text("utf-8")):  # type: ignore[operator]
            message = found.setdefault(key, Message())
            message.plural = message.plural or plural
            message.places.append(f"{path.relative_to(ROOT)}:{line}")
    return found


def server_messages() -> dict[Key, Message]:
    """What the `django` catalogue must hold."""
    python = [
        path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "node_modules" not in path.parts
    ]
    templates = [path for package in PACKAGES for path in (ROOT / package / "templates").rglob("*.html")]
    found = _collect(python, python_messages)
    for key, message in _collect(templates, template_messages).items():
        mine = found.setdefault(key, Message())
        mine.plural = mine.plural or message.plural
        mine.places += message.places
    return found


def page_messages() -> dict[Key, Message]:
    """What the `djangojs` catalogue must hold."""
    return _collect(list((ROOT / "frontend" / "src").rglob("*.js")), script_messages)


def placeholders(text: str) -> set[str]:
    """`%(name)s`, `%s` and `{name}` of a message: the same set must stand in its translation."""
    return set(re.findall(r"%\(\w+\)[sd]|%[sd]|\{\w+\}", text))
