-- Each version of a calendar is kept as it was, so that a due date set under it can be computed again.
-- Within one transaction only the last version counts; versions nobody could see are not kept.

CREATE FUNCTION casework_calendar_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM casework_calendarrecord
        WHERE calendar_code = NEW.code AND made_by = pg_current_xact_id()::text::bigint;
    INSERT INTO casework_calendarrecord (calendar_code, version, made_at, made_by, contents)
    SELECT NEW.code, NEW.version, clock_timestamp(), pg_current_xact_id()::text::bigint,
        jsonb_build_object(
            'zone', NEW.zone, 'slots', NEW.slots,
            'days', coalesce((
                SELECT jsonb_agg(jsonb_build_array(day, is_working, slots, note, note_en) ORDER BY day)
                FROM casework_calendarday WHERE calendar_id = NEW.id), '[]'),
            'published', coalesce((
                SELECT jsonb_agg(year ORDER BY year)
                FROM casework_calendaryear WHERE calendar_id = NEW.id AND status = 'published'), '[]'));
    RETURN NULL;
END $$;

CREATE TRIGGER calendar_recorded AFTER INSERT OR UPDATE ON casework_workingcalendar
    FOR EACH ROW EXECUTE FUNCTION casework_calendar_recorded();

-- what stands already
UPDATE casework_workingcalendar SET version = version;
