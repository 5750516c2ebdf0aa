-- Three administrators (三员分立): whoever holds one of their posts holds no other role at the same time.

CREATE FUNCTION casework_administrators_apart() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    administrators CONSTANT text[] := ARRAY['system_admin', 'security_admin', 'audit_admin'];
    wanted text;
BEGIN
    -- one appointment of a person at a time; two would not see each other
    PERFORM FROM casework_person WHERE id = NEW.person_id FOR NO KEY UPDATE;
    SELECT role INTO STRICT wanted FROM casework_post WHERE id = NEW.post_id;
    IF EXISTS (
        SELECT FROM casework_holding h JOIN casework_post p ON p.id = h.post_id
        WHERE h.person_id = NEW.person_id AND h.id <> NEW.id AND p.role <> wanted
            AND (p.role = ANY (administrators) OR wanted = ANY (administrators))
            AND h.since < coalesce(NEW.until, 'infinity') AND NEW.since < coalesce(h.until, 'infinity')
    ) THEN
        RAISE EXCEPTION 'an administrator holds no other role'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'administrators_apart';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER administrators_apart BEFORE INSERT OR UPDATE ON casework_holding
    FOR EACH ROW EXECUTE FUNCTION casework_administrators_apart();

-- What a post is allowed cannot change under its holders; past cases say by which post they were moved.
CREATE FUNCTION casework_role_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.role <> OLD.role AND EXISTS (SELECT FROM casework_holding WHERE post_id = OLD.id) THEN
        RAISE EXCEPTION 'the role of a post that was held is final'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'role_is_final';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER role_is_final BEFORE UPDATE OF role ON casework_post
    FOR EACH ROW EXECUTE FUNCTION casework_role_is_final();
