import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What became of old areas and cells, and until when a generation was in force."""

    dependencies = [
        ("gis_data", "0004_addresses"),
    ]

    operations = [
        migrations.AddField(
            model_name="generation",
            name="retired_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="retired at"),
        ),
        *[
            migrations.CreateModel(
                name=f"{model}Lineage",
                fields=[
                    (
                        "id",
                        models.BigAutoField(
                            auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                        ),
                    ),
                    ("overlap_m2", models.FloatField(verbose_name="common area in m²")),
                    ("share", models.FloatField(verbose_name="share of the old one")),
                    (
                        "old",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="became",
                            to=f"gis_data.{model}",
                            verbose_name="old",
                        ),
                    ),
                    (
                        "new",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="came_from",
                            to=f"gis_data.{model}",
                            verbose_name="new",
                        ),
                    ),
                ],
                options={
                    "verbose_name": f"lineage of {noun}",
                    "verbose_name_plural": f"lineage of {nouns}",
                    "constraints": [models.UniqueConstraint(fields=["old", "new"], name=name)],
                },
            )
            for model, noun, nouns, name in (
                ("Area", "an area", "areas", "area_lineage_once"),
                ("Cell", "a cell", "cells", "cell_lineage_once"),
            )
        ],
    ]
