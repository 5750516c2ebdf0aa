"""Policies of deadlines, types and seasons of limits, and what a report knows of relief."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import dispatch.models.deadline


class Migration(migrations.Migration):
    dependencies = (
        ("casework", "0010_clocks_explained"),
        ("dispatch", "0007_leases_and_undo"),
    )

    operations = (
        migrations.CreateModel(
            name="ClockPolicy",
            fields=[
                (
                    "stream",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="clock_policy",
                        serialize=False,
                        to="casework.stream",
                    ),
                ),
                (
                    "extension_most",
                    models.PositiveSmallIntegerField(default=2, verbose_name="extensions at most"),
                ),
                (
                    "extension_levels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("department", "department desk"),
                                ("dispatcher", "dispatcher"),
                                ("acceptor", "acceptor"),
                                ("shift_leader", "shift leader"),
                                ("manager", "manager"),
                            ],
                            max_length=16,
                        ),
                        default=dispatch.models.deadline._of_department,
                        size=None,
                        validators=[django.core.validators.MinLengthValidator(1)],
                        verbose_name="who decides on extensions",
                    ),
                ),
                ("hang_most", models.PositiveSmallIntegerField(default=1, verbose_name="times hung at most")),
                (
                    "hang_days",
                    models.PositiveSmallIntegerField(default=365, verbose_name="days hung at most"),
                ),
                (
                    "hang_levels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("department", "department desk"),
                                ("dispatcher", "dispatcher"),
                                ("acceptor", "acceptor"),
                                ("shift_leader", "shift leader"),
                                ("manager", "manager"),
                            ],
                            max_length=16,
                        ),
                        default=dispatch.models.deadline._of_head,
                        size=None,
                        validators=[django.core.validators.MinLengthValidator(1)],
                        verbose_name="who decides on hanging",
                    ),
                ),
                (
                    "appeal_levels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("department", "department desk"),
                                ("dispatcher", "dispatcher"),
                                ("acceptor", "acceptor"),
                                ("shift_leader", "shift leader"),
                                ("manager", "manager"),
                            ],
                            max_length=16,
                        ),
                        default=dispatch.models.deadline._of_appeal,
                        size=None,
                        validators=[django.core.validators.MinLengthValidator(1)],
                        verbose_name="who decides on appeals",
                    ),
                ),
                (
                    "in_time_only",
                    models.BooleanField(default=True, verbose_name="ask before the limit is over only"),
                ),
                ("four_eyes", models.BooleanField(default=False, verbose_name="who asked does not decide")),
                (
                    "rework",
                    models.CharField(
                        choices=[("restart", "a fresh limit"), ("go_on", "what is left of the limit")],
                        default="restart",
                        max_length=7,
                        verbose_name="after a failed check",
                    ),
                ),
                ("bundled", models.BooleanField(default=False, verbose_name="clock from filing to closing")),
            ],
            options={
                "verbose_name": "policy of deadlines",
                "verbose_name_plural": "policies of deadlines",
            },
        ),
        migrations.CreateModel(
            name="LimitType",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=4, unique=True, verbose_name="type")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("name_en", models.CharField(blank=True, max_length=60, verbose_name="English name")),
                (
                    "grades",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="management grades",
                    ),
                ),
            ],
            options={
                "verbose_name": "type of limits",
                "verbose_name_plural": "types of limits",
                "ordering": ("code",),
            },
        ),
        migrations.CreateModel(
            name="Season",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=60, unique=True, verbose_name="key")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("name_en", models.CharField(blank=True, max_length=60, verbose_name="English name")),
                (
                    "days",
                    models.CharField(
                        help_text="MM-DD/MM-DD",
                        max_length=11,
                        validators=[dispatch.models.deadline.check_season],
                        verbose_name="days",
                    ),
                ),
            ],
            options={
                "verbose_name": "season",
                "verbose_name_plural": "seasons",
                "ordering": ("key",),
            },
        ),
        migrations.AddField(
            model_name="filingcondition",
            name="types",
            field=models.JSONField(blank=True, default=dict, verbose_name="limits by type"),
        ),
        migrations.AddField(
            model_name="report",
            name="appeal",
            field=models.CharField(
                blank=True,
                choices=[("pending", "pending"), ("granted", "granted"), ("refused", "refused")],
                max_length=7,
                verbose_name="appeal",
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="extensions",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="extensions"),
        ),
        migrations.AddField(
            model_name="report",
            name="hangs",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="times hung"),
        ),
        migrations.AddField(
            model_name="report",
            name="late",
            field=models.BooleanField(default=False, verbose_name="handled late"),
        ),
        migrations.AddField(
            model_name="report",
            name="limit_type",
            field=models.CharField(blank=True, max_length=4, verbose_name="type of limit"),
        ),
        migrations.AddField(
            model_name="report",
            name="relief",
            field=models.JSONField(blank=True, null=True, verbose_name="relief asked for"),
        ),
        migrations.AddField(
            model_name="report",
            name="supervised",
            field=models.CharField(
                blank=True,
                choices=[
                    ("timeout", "for timeout"),
                    ("leader", "by a leader"),
                    ("important", "as important"),
                ],
                max_length=9,
                verbose_name="supervised",
            ),
        ),
    )
