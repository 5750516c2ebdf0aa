"""Which of our organisations and classes another system's words mean."""

from __future__ import annotations

import hashlib

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from casework.errors import Invalid
from casework.models import Organisation
from dispatch.importers.reports_mapping import Mapping
from gis_data.models import ProblemClass


class Departments:
    """Finds organisations by the other system's spelling. `made` counts those it made, or would make."""

    def __init__(self, mapping: Mapping, district: str, *, make: bool, commit: bool) -> None:
        self.prefix, self.district, self.make, self.commit = mapping.prefix, district, make, commit
        self.made = 0
        self._known = _organisations(mapping)

    def find(self, name: str) -> Organisation | None:
        """By the mapping, by code or name, or as one made before; made now, if that is wanted."""
        found = self._known.get(name) or self._known.get(self._made_code(name))
        return found or (self._make(name) if self.make else None)

    def _made_code(self, name: str) -> str:
        return f"{self.prefix}-{hashlib.sha256(name.encode()).hexdigest()[:10]}"

    def _make(self, name: str) -> Organisation:
        """An organisation that only history knows: it has no post, so nothing is ever sent to it."""
        code = self._made_code(name)
        title = name.strip(" ,;")[:100] or code
        if self.commit:
            made, new = Organisation.objects.get_or_create(
                code=code,
                defaults={"name": title, "name_en": title, "kind": Organisation.Kind.DEPARTMENT,
                          "area_code": self.district, "valid_to": localdate()},
            )  # fmt: skip
        else:
            made = Organisation.objects.filter(code=code).first() or Organisation(code=code, name=title)
            new = made.pk is None
        self.made += new
        self._known[name] = made
        return made


def _organisations(mapping: Mapping) -> dict[str, Organisation]:
    """Every spelling that means an organisation here: the mapping's, then codes and names."""
    by_code = {one.code: one for one in Organisation.objects.all()}
    named: dict[str, set[str]] = {}
    for one in by_code.values():
        for name in {one.name, one.name_en} - {""}:
            named.setdefault(name, set()).add(one.code)
    # a name that two bear means neither
    found = {name: by_code[codes.pop()] for name, codes in named.items() if len(codes) == 1} | by_code
    for spelling, code in mapping.departments.items():
        if code not in by_code:
            raise Invalid(
                _("There is no organisation %(code)s.") % {"code": code},
                field="departments",
                value=code,
                mend=_("Make it first, or leave it out of the mapping: unknown departments are marked."),
            )
        found[spelling] = by_code[code]
    return found


def classes_of(mapping: Mapping) -> dict[str, int]:
    """Their spelling → the key of our class."""
    if not mapping.classes:
        return {}
    edition = {"edition__code": mapping.edition} if mapping.edition else {"edition__current": True}
    keys = {(kind, code): pk for kind, code, pk in
            ProblemClass.objects.filter(**edition).values_list("kind", "code", "pk")}  # fmt: skip
    lacking = sorted({":".join(key) for key in mapping.classes.values() if key not in keys})
    if lacking:
        raise Invalid(
            _("The edition has no class %(codes)s.") % {"codes": ", ".join(lacking)},
            field="classes",
            value=mapping.edition,
            mend=_("Name the edition of these codes under [classes]."),
        )
    return {spelling: keys[key] for spelling, key in mapping.classes.items()}
