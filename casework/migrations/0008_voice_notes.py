"""Voice notes beside photographs, with their length."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("casework", "0007_leaner_indexes"),)

    operations = (
        migrations.AddField(
            model_name="attachment",
            name="seconds",
            field=models.FloatField(blank=True, null=True, verbose_name="length in seconds"),
        ),
        migrations.AlterField(
            model_name="attachment",
            name="kind",
            field=models.CharField(
                choices=[
                    ("report", "report"),
                    ("verify", "verification"),
                    ("finish", "handling finished"),
                    ("check", "check on site"),
                    ("other", "other"),
                    ("voice", "voice note"),
                ],
                max_length=8,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "voice"), ("seconds__gt", 0), ("width", 0)),
                    models.Q(models.Q(("kind", "voice"), _negated=True), ("seconds__isnull", True)),
                    _connector="OR",
                ),
                name="attachment_seconds_of_voice_alone",
            ),
        ),
    )
