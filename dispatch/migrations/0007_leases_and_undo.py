import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0007_leaner_indexes"),
        ("dispatch", "0006_duty_shifts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("side", models.CharField(max_length=12, verbose_name="side")),
                ("desk", models.UUIDField(verbose_name="desk")),
                ("ahead", models.BooleanField(verbose_name="taken next")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("until", models.DateTimeField(verbose_name="until")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="leases", to="casework.case"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "lease of a case", "verbose_name_plural": "leases of cases"},
        ),
        migrations.CreateModel(
            name="UndoImage",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="undo_image",
                        serialize=False,
                        to="casework.case",
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("verb", models.CharField(max_length=24, verbose_name="move")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                ("image", models.JSONField(verbose_name="as it was")),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "image before a move", "verbose_name_plural": "images before moves"},
        ),
        migrations.AddConstraint(
            model_name="lease",
            constraint=models.UniqueConstraint(fields=("case", "side"), name="one_lease_of_a_side"),
        ),
        migrations.AddIndex(
            model_name="lease",
            index=models.Index(fields=["desk"], name="lease_of_desk"),
        ),
    ]
