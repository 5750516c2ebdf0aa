"""Extended, seasonal and escalating clocks; thresholds and alarms; every version of a calendar kept."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql" / "calendar_records.sql"


class Migration(migrations.Migration):
    dependencies = (("casework", "0009_conversation"),)

    operations = (
        migrations.CreateModel(
            name="Alarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.CharField(max_length=16, verbose_name="threshold")),
                ("epoch", models.PositiveSmallIntegerField(default=0, verbose_name="time")),
                ("at", models.DateTimeField(verbose_name="reached at")),
                ("fired_at", models.DateTimeField(verbose_name="noticed at")),
                ("told", models.JSONField(default=list, verbose_name="told")),
            ],
            options={
                "verbose_name": "threshold reached",
                "verbose_name_plural": "thresholds reached",
            },
        ),
        migrations.CreateModel(
            name="CalendarRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("calendar_code", models.CharField(max_length=20, verbose_name="calendar")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                ("made_by", models.BigIntegerField(verbose_name="transaction")),
                ("contents", models.JSONField(verbose_name="contents")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled at")),
            ],
            options={
                "verbose_name": "version of a calendar",
                "verbose_name_plural": "versions of calendars",
                "ordering": ("calendar_code", "version"),
            },
        ),
        migrations.CreateModel(
            name="Mute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.CharField(max_length=40, verbose_name="threshold")),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("console", "log of the server"),
                            ("email", "e-mail"),
                            ("sms", "text message"),
                            ("live", "on the desk"),
                            ("push", "on the phone"),
                        ],
                        max_length=8,
                        verbose_name="channel",
                    ),
                ),
            ],
            options={
                "verbose_name": "muted notice",
                "verbose_name_plural": "muted notices",
            },
        ),
        migrations.CreateModel(
            name="Threshold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.CharField(max_length=16, unique=True, verbose_name="threshold")),
                (
                    "share",
                    models.DecimalField(
                        decimal_places=3, max_digits=5, unique=True, verbose_name="share of the limit"
                    ),
                ),
                ("reach", models.PositiveSmallIntegerField(default=0, verbose_name="steps up the chain")),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("console", "log of the server"),
                                ("email", "e-mail"),
                                ("sms", "text message"),
                                ("live", "on the desk"),
                                ("push", "on the phone"),
                            ],
                            max_length=8,
                        ),
                        default=list,
                        size=None,
                        verbose_name="channels",
                    ),
                ),
                ("supervises", models.BooleanField(default=False, verbose_name="puts under supervision")),
                ("mutable", models.BooleanField(default=True, verbose_name="may be muted")),
            ],
            options={
                "verbose_name": "threshold",
                "verbose_name_plural": "thresholds",
                "ordering": ("share",),
            },
        ),
        migrations.RemoveIndex(
            model_name="caseclock",
            name="clock_due_next",
        ),
        migrations.RemoveField(
            model_name="caseclock",
            name="overdue_noted_at",
        ),
        migrations.AddField(
            model_name="caseclock",
            name="epoch",
            field=models.PositiveSmallIntegerField(
                default=0, verbose_name="times the thresholds were set back"
            ),
        ),
        migrations.AddField(
            model_name="caseclock",
            name="exempt",
            field=models.BooleanField(default=False, verbose_name="lateness exempted"),
        ),
        migrations.AddField(
            model_name="caseclock",
            name="extended",
            field=models.DecimalField(decimal_places=3, default=0, max_digits=8, verbose_name="extended by"),
        ),
        migrations.AddField(
            model_name="caseclock",
            name="level",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="thresholds reached"),
        ),
        migrations.AddField(
            model_name="caseclock",
            name="next_alarm_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="next threshold at"),
        ),
        migrations.AddField(
            model_name="caseclock",
            name="season",
            field=models.CharField(blank=True, max_length=11, verbose_name="counted in the season"),
        ),
        migrations.AddField(
            model_name="notice",
            name="seen_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="seen at"),
        ),
        migrations.AddIndex(
            model_name="caseclock",
            index=models.Index(
                condition=models.Q(("next_alarm_at__isnull", False)),
                fields=["next_alarm_at"],
                name="clock_alarm_next",
            ),
        ),
        migrations.AddField(
            model_name="alarm",
            name="clock",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="alarms",
                to="casework.caseclock",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarrecord",
            constraint=models.UniqueConstraint(
                fields=("calendar_code", "version"), name="calendar_version_once"
            ),
        ),
        migrations.AddField(
            model_name="mute",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="mutes", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="threshold",
            constraint=models.CheckConstraint(
                condition=models.Q(("share__gt", 0)), name="threshold_after_the_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="threshold",
            constraint=models.CheckConstraint(condition=models.Q(("reach__lte", 2)), name="chain_of_three"),
        ),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.UniqueConstraint(
                fields=("clock", "step", "epoch"), name="a_threshold_fires_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="mute",
            constraint=models.UniqueConstraint(fields=("person", "step", "channel"), name="muted_once"),
        ),
        migrations.RunSQL(
            SQL.read_text(encoding="utf-8"),
            """DROP TRIGGER calendar_recorded ON casework_workingcalendar;
               DROP FUNCTION casework_calendar_recorded();""",
        ),
        # the sweep looks at these at once, and sets the true instant
        migrations.RunSQL(
            "UPDATE casework_caseclock SET next_alarm_at = started_at WHERE state = 'running'",
            migrations.RunSQL.noop,
        ),
    )
