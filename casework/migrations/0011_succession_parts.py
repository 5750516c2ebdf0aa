"""A succession may take over a part, and keeps when and how much was handed over."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("casework", "0010_clocks_explained"),)

    operations = (
        migrations.AddField(
            model_name="succession",
            name="area_code",
            field=models.CharField(
                blank=True,
                help_text="code of the part that is taken over; empty for all that is left",
                max_length=15,
                verbose_name="area",
            ),
        ),
        migrations.AddField(
            model_name="succession",
            name="carried_out_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="carried out at"),
        ),
        migrations.AddField(
            model_name="succession",
            name="moved",
            field=models.JSONField(blank=True, default=dict, editable=False, verbose_name="handed over"),
        ),
        migrations.RemoveConstraint(model_name="succession", name="succession_once"),
        migrations.AddConstraint(
            model_name="succession",
            constraint=models.UniqueConstraint(
                fields=("predecessor", "successor", "on", "area_code"), name="succession_once"
            ),
        ),
    )
