-- A calendar's version rises with every change of itself, its years and its days, whoever makes it and by
-- whatever way, so that processes that keep it in memory notice (models/calendar.py, calendar_for).

CREATE FUNCTION casework_calendar_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;

CREATE TRIGGER calendar_version BEFORE UPDATE ON casework_workingcalendar
    FOR EACH ROW EXECUTE FUNCTION casework_calendar_version();

CREATE FUNCTION casework_calendar_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        UPDATE casework_workingcalendar SET version = version WHERE id IN (SELECT calendar_id FROM came);
    END IF;
    IF TG_OP <> 'INSERT' THEN
        UPDATE casework_workingcalendar SET version = version WHERE id IN (SELECT calendar_id FROM gone);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER days_came AFTER INSERT ON casework_calendarday REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION casework_calendar_changed();
CREATE TRIGGER days_changed AFTER UPDATE ON casework_calendarday REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION casework_calendar_changed();
CREATE TRIGGER days_gone AFTER DELETE ON casework_calendarday REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION casework_calendar_changed();

CREATE TRIGGER years_came AFTER INSERT ON casework_calendaryear REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION casework_calendar_changed();
CREATE TRIGGER years_changed AFTER UPDATE ON casework_calendaryear REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION casework_calendar_changed();
CREATE TRIGGER years_gone AFTER DELETE ON casework_calendaryear REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION casework_calendar_changed();
