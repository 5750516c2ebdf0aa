from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0005_imported_cases")]

    operations = [
        migrations.CreateModel(
            name="DutyShift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("starts_at", models.TimeField(verbose_name="begins at")),
                ("ends_at", models.TimeField(verbose_name="ends at")),
                ("in_use", models.BooleanField(default=True, verbose_name="every grid needs an inspector")),
            ],
            options={
                "verbose_name": "shift of duty",
                "verbose_name_plural": "shifts of duty",
                "ordering": ("starts_at", "code"),
            },
        ),
    ]
