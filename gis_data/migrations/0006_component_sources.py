from django.db import migrations, models


class Migration(migrations.Migration):
    """Which inventory a component came from, and the files under way."""

    dependencies = [("gis_data", "0005_lineage")]

    operations = [
        migrations.AddField(
            model_name="component",
            name="source",
            field=models.CharField(blank=True, db_default="", default="", max_length=60, verbose_name="inventory"),
        ),
        migrations.AddField(
            model_name="component",
            name="source_id",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=100, verbose_name="id in its inventory"
            ),
        ),
        migrations.AlterField(
            model_name="component",
            name="state",
            field=models.CharField(
                blank=True,
                choices=[
                    ("intact", "intact"),
                    ("damaged", "damaged"),
                    ("lost", "lost"),
                    ("abandoned", "abandoned"),
                ],
                default="intact",
                max_length=9,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="component",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired_on", None), models.Q(("source_id", ""), _negated=True)),
                fields=("district_code", "source", "source_id"),
                name="component_source_id_once",
            ),
        ),
        migrations.CreateModel(
            name="ComponentDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("district_code", models.CharField(max_length=6, verbose_name="district code")),
                ("source", models.CharField(max_length=60, verbose_name="inventory")),
                ("file_name", models.CharField(max_length=255, verbose_name="file")),
                ("digest", models.CharField(max_length=64)),
                ("begun_at", models.DateTimeField(auto_now_add=True, verbose_name="begun at")),
                ("rows", models.PositiveIntegerField(blank=True, null=True, verbose_name="rows")),
                ("counts", models.JSONField(blank=True, default=dict, verbose_name="counts")),
                ("loaded_at", models.DateTimeField(blank=True, null=True, verbose_name="loaded at")),
            ],
            options={
                "verbose_name": "delivery of components",
                "verbose_name_plural": "deliveries of components",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("loaded_at", None)), fields=("digest",), name="delivery_once_under_way"
                    )
                ],
            },
        ),
    ]
