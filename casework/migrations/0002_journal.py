"""The journal table, its partitions and the triggers that keep it append-only."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "journal.sql"


class Migration(migrations.Migration):
    dependencies = (("casework", "0001_initial"),)

    operations = (
        migrations.RunSQL(
            SQL.read_text(encoding="utf-8"),
            """DROP TABLE casework_entry;
               DROP FUNCTION casework_journal_is_final();
               DROP FUNCTION casework_ensure_partitions(date, date);
               DROP SEQUENCE casework_case_number;""",
        ),
    )
