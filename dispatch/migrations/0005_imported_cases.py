"""Figures of imported cases are found by when the cases ended in the other system."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0007_leaner_indexes"),
        ("dispatch", "0004_leaner_indexes"),
    ]

    operations = [
        # partial: our own cases pay nothing for it
        migrations.RunSQL(
            "CREATE INDEX dispatch_imported_ended ON casework_case (stream_id, ended_at) WHERE kind = 'imported'",
            "DROP INDEX dispatch_imported_ended",
        ),
    ]
