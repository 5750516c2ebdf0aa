"""A mark on days entered by hand, and triggers that raise a calendar's version with every change."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql" / "calendar.sql"


class Migration(migrations.Migration):
    dependencies = (("casework", "0002_journal"),)

    operations = (
        migrations.AddField(
            model_name="calendarday",
            name="local",
            field=models.BooleanField(default=True, verbose_name="entered by hand"),
        ),
        migrations.RunSQL(
            SQL.read_text(encoding="utf-8"),
            """DROP TRIGGER calendar_version ON casework_workingcalendar;
               DROP TRIGGER days_came ON casework_calendarday;
               DROP TRIGGER days_changed ON casework_calendarday;
               DROP TRIGGER days_gone ON casework_calendarday;
               DROP TRIGGER years_came ON casework_calendaryear;
               DROP TRIGGER years_changed ON casework_calendaryear;
               DROP TRIGGER years_gone ON casework_calendaryear;
               DROP FUNCTION casework_calendar_changed();
               DROP FUNCTION casework_calendar_version();""",
        ),
    )
