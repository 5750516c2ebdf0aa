"""Duplicates follow their main case; what counts as the same thing, class by class."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (
        ("casework", "0010_clocks_explained"),
        ("dispatch", "0008_deadlines"),
    )

    operations = (
        migrations.AddField(
            model_name="report",
            name="main",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="duplicates",
                to="casework.case",
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="duplicate_count",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                condition=models.Q(("main__isnull", False)), fields=["main"], name="report_duplicate_of"
            ),
        ),
        migrations.CreateModel(
            name="DuplicateRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "class_kind",
                    models.CharField(blank=True, max_length=9, verbose_name="components or events"),
                ),
                (
                    "class_code",
                    models.CharField(blank=True, max_length=6, verbose_name="class code begins with"),
                ),
                ("metres", models.FloatField(verbose_name="same thing within m")),
                ("days", models.FloatField(verbose_name="same thing within days")),
                ("least_score", models.FloatField(default=0.5, verbose_name="least score")),
                (
                    "stream",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duplicate_rules",
                        to="casework.stream",
                    ),
                ),
            ],
            options={
                "verbose_name": "threshold of duplicates",
                "verbose_name_plural": "thresholds of duplicates",
                "ordering": ("stream", "class_kind", "class_code"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("stream", "class_kind", "class_code"), name="one_threshold_a_class"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("days__gt", 0),
                            ("least_score__gte", 0),
                            ("least_score__lte", 1),
                            ("metres__gt", 0),
                            ("metres__lte", 1000),
                        ),
                        name="threshold_makes_sense",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("class_code", ""), models.Q(("class_kind", ""), _negated=True), _connector="OR"
                        ),
                        name="threshold_of_a_class_says_its_kind",
                    ),
                ],
            },
        ),
    )
