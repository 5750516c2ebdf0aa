"""Gives a person a post from the command line: above all the first administrators of a new city."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from casework.models import Holding, Organisation, Person, Post, Stream
from casework.roles import Role


class Command(BaseCommand):
    help = (
        "Appoints somebody to a post from now on; makes the person, the post, the organisation and the "
        "stream where they are missing. A new person's password is asked for, or read from standard input "
        "with --password-stdin. "
        "The administration goes on from here. Exit status: 0 done, 1 refused, 2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--stream", required=True, help="code of the district, such as 110101")
        parser.add_argument("--organisation", required=True, help="code of the organisation")
        parser.add_argument("--organisation-name", default="", help="its name, when it is new")
        parser.add_argument(
            "--kind", default="government", choices=Organisation.Kind.values, help="when it is new"
        )
        parser.add_argument("--name", default="", help="the person's name, when new")
        parser.add_argument("--password-stdin", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        role = Role(options["role"])
        with transaction.atomic():
            stream, _ = Stream.objects.get_or_create(
                code=options["stream"], defaults={"name": options["stream"]}
            )
            organisation, _ = Organisation.objects.get_or_create(
                code=options["organisation"],
                defaults={
                    "name": options["organisation_name"] or options["organisation"],
                    "kind": options["kind"],
                },
            )
            person = Person.objects.filter(username=options["username"]).first() or self.new_person(options)
            post, _ = Post.objects.get_or_create(
                organisation=organisation,
                role=role,
                stream=stream,
                defaults={"title": str(role.label), "title_en": role.value.replace("_", " ")},
            )
            holding = Holding(post=post, person=person, since=timezone.now())
            try:
                holding.full_clean()
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
            holding.save()
        self.stdout.write(f"{person.username} holds {role.value} at {organisation.code} from now on.")

    def new_person(self, options: dict[str, Any]) -> Person:
        person = Person(username=options["username"], name=options["name"])
        password = (
            sys.stdin.readline().rstrip("\n")
            if options["password_stdin"]
            else getpass.getpass(f"Password for {person.username}: ")
        )
        try:
            validate_password(password, person)
            person.set_password(password)
            person.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        person.save()
        return person
