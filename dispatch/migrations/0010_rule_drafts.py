"""Drafts of routing rules, and the suggestion learnt from history."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (
        ("casework", "0011_succession_parts"),
        ("dispatch", "0009_duplicates"),
    )

    operations = (
        migrations.CreateModel(
            name="RuleDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("district_code", models.CharField(max_length=6, verbose_name="district code")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("scheduled", "takes force at a set time"),
                            ("discarded", "discarded"),
                        ],
                        default="draft",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("changes", models.JSONField(default=list, verbose_name="changes")),
                ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
                (
                    "takes_force_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="takes force at"),
                ),
                ("effect", models.JSONField(blank=True, default=dict, verbose_name="effect")),
                (
                    "made_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="made at"),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "draft of routing rules",
                "verbose_name_plural": "drafts of routing rules",
                "ordering": ("-made_at",),
            },
        ),
        migrations.CreateModel(
            name="SuggestionTable",
            fields=[
                (
                    "stream",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="suggestion",
                        serialize=False,
                        to="casework.stream",
                    ),
                ),
                ("cases", models.PositiveIntegerField(verbose_name="cases learnt from")),
                ("counts", models.JSONField(verbose_name="counts")),
                (
                    "made_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="made at"),
                ),
            ],
            options={
                "verbose_name": "suggestion from history",
                "verbose_name_plural": "suggestions from history",
            },
        ),
    )
