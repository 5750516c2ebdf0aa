"""Triggers that keep the three administrators apart, from each other and from case work."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "administrators.sql"


class Migration(migrations.Migration):
    dependencies = (("casework", "0004_failed_login"),)

    operations = (
        migrations.RunSQL(
            SQL.read_text(encoding="utf-8"),
            """DROP TRIGGER administrators_apart ON casework_holding;
               DROP TRIGGER role_is_final ON casework_post;
               DROP FUNCTION casework_administrators_apart();
               DROP FUNCTION casework_role_is_final();""",
        ),
    )
