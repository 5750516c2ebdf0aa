from django.db import migrations, models


class Migration(migrations.Migration):
    """From where each level of a generation came."""

    dependencies = [
        ("gis_data", "0006_component_sources"),
    ]

    operations = [
        migrations.AddField(
            model_name="generation",
            name="levels",
            field=models.JSONField(blank=True, default=dict, verbose_name="what it is made of"),
        ),
    ]
