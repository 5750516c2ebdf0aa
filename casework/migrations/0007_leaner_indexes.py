"""Drops indexes that nothing looks through and that every move would keep up to date."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("casework", "0006_phone_photos_and_push"),)

    operations = (
        migrations.RemoveIndex(
            model_name="caseclock",
            name="clock_of_case",
        ),
        migrations.AlterField(
            model_name="case",
            name="stream",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cases",
                to="casework.stream",
            ),
        ),
        migrations.AlterField(
            model_name="caseclock",
            name="organisation",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="casework.organisation",
            ),
        ),
    )
