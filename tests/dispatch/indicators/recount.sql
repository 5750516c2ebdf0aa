-- Every number of the indicators once more: from the journal alone, by other means than the product's.
-- Parameters: %(stream)s, %(zone)s, %(as_of)s. Leaves a table `recounted`: one row a case, counter, day and person.
CREATE TEMP TABLE move AS -- what was not taken back
SELECT case_id AS c, case_seq AS s, verb, at, coalesce(actor_id, 0) AS person, coalesce(post_id, 0) AS post,
    coalesce((facts->>'organisation_id')::bigint, 0) AS org, facts, card
FROM casework_entry AS e
WHERE stream_id = %(stream)s AND kind = 'report' AND verb <> 'undo' AND NOT EXISTS (SELECT FROM casework_entry AS u
    WHERE u.case_id = e.case_id AND u.verb = 'undo' AND (u.facts->>'undone')::int = e.case_seq);
CREATE INDEX ON move (c, verb, s);
CREATE TEMP TABLE act AS -- what it did to which deadline: off, or due then
SELECT c, s, clock, CASE WHEN act->>'does' NOT IN ('stop', 'pause') THEN (act->>'due_at')::timestamptz END AS due
FROM move, jsonb_each(facts->'clocks') AS of_clock (clock, act)
WHERE act->>'does' IN ('stop', 'pause') OR act ? 'due_at';
CREATE INDEX ON act (c, clock, s);
CREATE FUNCTION pg_temp.due(uuid, text, integer) RETURNS timestamptz LANGUAGE sql AS -- before that move
    'SELECT due FROM act WHERE c = $1 AND clock = $2 AND s < $3 ORDER BY s DESC LIMIT 1';
CREATE FUNCTION pg_temp.nth(uuid, text, boolean) RETURNS integer LANGUAGE sql AS -- first or last of a verb
    'SELECT CASE WHEN $3 THEN min(s) ELSE max(s) END FROM move WHERE c = $1 AND verb = $2';
CREATE TEMP TABLE kase AS
SELECT *, state NOT IN ('void', 'declined', 'withdrawn') AS valid, CASE WHEN finished > coalesce(reworked, 0) THEN
    coalesce(pg_temp.due(c, 'bundled', finished), pg_temp.due(c, 'handling', finished)) WHEN state IN ('dispatched', 'handling')
    THEN coalesce(pg_temp.due(c, 'bundled', 9999), pg_temp.due(c, 'handling', 9999)) END AS due,
    CASE WHEN finished > coalesce(reworked, 0) THEN finished END AS done,
    coalesce((SELECT org FROM move WHERE move.c = k.c AND s >= pg_temp.nth(k.c, 'dispatch', true)
        AND verb IN ('dispatch', 'succeed') ORDER BY s DESC LIMIT 1), 0) AS dept
FROM (SELECT c, at, post, person, card->>'source' AS source, card->>'cell_code' AS cell, (card->>'class_id')::bigint AS class,
        (SELECT state_to FROM casework_entry WHERE case_id = c ORDER BY case_seq DESC LIMIT 1) AS state,
        pg_temp.nth(c, 'finish', false) AS finished, pg_temp.nth(c, 'rework', false) AS reworked
    FROM move WHERE s = 1) AS k;
CREATE TEMP TABLE task AS -- sent out, with the answer and the deadline; the last check of a stage only
SELECT t.*, a.s AS a_s, a.at AS a_at, a.post AS a_post, a.person AS a_person, a.facts->>'result' AS result,
    pg_temp.due(t.c, t.clock, coalesce(a.s, 9999)) AS due, pg_temp.due(t.c, t.desk, t.s) AS desk_due
FROM (SELECT m.*, CASE verb WHEN 'send_verify' THEN 'verify' ELSE 'check' END AS kind,
        CASE verb WHEN 'send_verify' THEN 'verifying' ELSE 'checking' END AS clock,
        CASE verb WHEN 'send_check' THEN 'closing' ELSE CASE WHEN pg_temp.due(c, 'filing', s) IS NULL THEN 'accepting'
            ELSE 'filing' END END AS desk,
        (SELECT min(s) FROM move AS n WHERE n.c = m.c AND n.s > m.s AND n.verb IN ('answer_verify', 'answer_check',
            'recall_verify', 'recall_check', 'withdraw', 'void', 'force_close')) AS next,
        (SELECT count(*) FROM move AS n WHERE n.c = m.c AND n.s < m.s AND n.verb IN ('finish', 'rework')) AS stage
    FROM move AS m WHERE verb IN ('send_verify', 'send_check')) AS t
LEFT JOIN move AS a ON a.c = t.c AND a.s = t.next WHERE a.verb IS NULL OR a.verb LIKE 'answer%%';
DELETE FROM task AS t USING task AS l WHERE t.kind = 'check' AND l.kind = 'check' AND l.c = t.c AND l.stage = t.stage AND l.s > t.s;
CREATE TEMP TABLE recounted AS
WITH first AS (SELECT DISTINCT ON (c, verb) * FROM move ORDER BY c, verb, s),
filed AS (SELECT f.*, coalesce(pg_temp.due(c, 'filing', s), pg_temp.due(c, 'accepting', s)) AS due FROM first AS f WHERE verb = 'file'),
taken AS (SELECT DISTINCT ON (c) f.*, coalesce(pg_temp.due(c, 'filing', s), pg_temp.due(c, 'accepting', s)) AS due
    FROM first AS f WHERE verb IN ('send_verify', 'file') ORDER BY c, s),
sent AS (SELECT f.*, pg_temp.due(c, 'dispatching', s) AS due, (SELECT min(s) FROM move AS o WHERE o.c = f.c AND o.verb = 'dispatch'
    AND o.org <> f.org) AS other FROM first AS f WHERE verb = 'dispatch'),
done AS (SELECT m.*, k.due, k.dept, m.at > k.due AS late,
        EXISTS (SELECT FROM move AS x WHERE x.c = m.c AND x.verb = 'exempt') AS exempt, e.at AS e_at, e.post AS e_post,
        e.person AS e_person, e.verb AS e_verb, p.at AS p_at
    FROM kase AS k JOIN move AS m ON m.c = k.c AND m.s = k.done
    LEFT JOIN first AS e ON e.c = k.c AND e.verb IN ('close', 'force_close') JOIN sent AS p ON p.c = k.c WHERE k.valid),
fact (counter, at, c, dept, post, person, amount, yes) AS (
    SELECT 'reports_' || source, at, c, 0, post, person, 1, true FROM kase
    UNION ALL SELECT 'still_open', at, c, dept, post, person, 1, true FROM kase
        WHERE state NOT IN ('closed', 'force_closed', 'self_handled', 'declined', 'withdrawn', 'void')
    UNION ALL SELECT counter, f.at, c, CASE WHEN own THEN dept ELSE 0 END, f.post, f.person, 1, true FROM first AS f
        JOIN kase USING (c) JOIN (VALUES ('decline', 'declined', false), ('withdraw', 'withdrawn', false), ('void', 'voided', true),
        ('self_handle', 'self_handled', false), ('close', 'closed', true), ('force_close', 'forced', true),
        ('supervise', 'supervised', true)) AS of_verb (verb, counter, own) USING (verb)
    UNION ALL SELECT counter, t.at, c, 0, t.post, t.person, 1, yes FROM taken AS t JOIN kase USING (c), LATERAL (VALUES
        ('accepted', true), ('accepted_on_time', t.at <= coalesce(t.due, t.at)), ('accepted_accurate', valid)) AS v (counter, yes)
    UNION ALL SELECT counter, f.at, c, of_dept, by_post, by_person, n, yes FROM filed AS f JOIN kase AS k USING (c), LATERAL (VALUES
        ('filed', dept, f.post, f.person, 1, true), ('filed_on_time', 0, f.post, f.person, 1, f.at <= coalesce(f.due, f.at)),
        ('filed_accurate', 0, f.post, f.person, 1, valid), ('valid_' || source, 0, k.post, k.person, 1, valid),
        ('file_us', dept * 0, f.post, f.person, extract(epoch FROM f.at - k.at) * 1000000, true)) AS v (counter, of_dept, by_post, by_person, n, yes)
    UNION ALL SELECT kind || counter, day, c, 0, by_post, by_person, 1, yes FROM task AS t, LATERAL (VALUES
        ('_issued', at, post, person, true), ('_issued_on_time', at, post, person, at <= coalesce(desk_due, at)),
        ('_due', least(a_at, due), coalesce(a_post, 0), coalesce(a_person, (facts->>'inspector_id')::bigint, 0), a_at IS NOT NULL OR due <= %(as_of)s),
        ('_done', least(a_at, due), a_post, a_person, a_at IS NOT NULL),
        ('_on_time', a_at, a_post, a_person, a_at <= coalesce(due, a_at))) AS v (counter, day, by_post, by_person, yes)
    UNION ALL SELECT CASE result WHEN 'pass' THEN 'checks_passed' ELSE 'checks_failed' END, a_at, c, dept, a_post, a_person, 1, true
        FROM task JOIN kase USING (c) WHERE kind = 'check' AND result IN ('pass', 'fail')
    UNION ALL (SELECT DISTINCT ON (c) 'verified_public', a_at, c, 0, a_post, a_person, 1, true FROM task JOIN kase USING (c) WHERE kind = 'verify'
        AND result = 'exists' AND source IN ('hotline', 'web', 'mailbox', 'media', 'petition') ORDER BY c, task.s)
    UNION ALL SELECT 'to_dispatch', pg_temp.due(c, 'dispatching', 9999), c, 0, 0, 0, 1, pg_temp.due(c, 'dispatching', 9999) <= %(as_of)s
        FROM kase WHERE state = 'filed' AND c NOT IN (SELECT c FROM sent)
    UNION ALL SELECT counter, day, s.c, s.org, coalesce(o.post, s.post), coalesce(o.person, s.person), n, yes FROM sent AS s JOIN filed AS f ON f.c = s.c
        CROSS JOIN LATERAL (VALUES ('to_dispatch', least(s.at, s.due), 1, true, 0), ('dispatch_on_time', least(s.at, s.due), 1, s.at <= coalesce(s.due, s.at), 0),
        ('dispatched', s.at, 1, true, 0), ('dispatched_direct', s.at, 1, other IS NULL, 0),
        ('dispatched_unreworked', s.at, 1, NOT EXISTS (SELECT FROM move AS r WHERE r.c = s.c AND r.verb = 'rework'), 0),
        ('redirected', (SELECT at FROM move AS o WHERE o.c = s.c AND o.s = other), 1, other IS NOT NULL, other),
        ('dispatch_us', s.at, extract(epoch FROM s.at - f.at) * 1000000, true, 0)) AS v (counter, day, n, yes, by_s)
        LEFT JOIN move AS o ON o.c = s.c AND o.s = by_s
    UNION ALL SELECT counter, due, c, dept, 0, 0, 1, due <= %(as_of)s FROM kase, (VALUES ('to_handle'), ('handle_overdue'), ('to_close')) AS v (counter)
        WHERE valid AND done IS NULL AND due IS NOT NULL
    UNION ALL SELECT counter, day, c, dept, by_post, by_person, n, yes FROM done AS d, LATERAL (VALUES
        ('to_handle', least(at, due), post, person, 1, true), ('handled', at, post, person, 1, true),
        ('handle_on_time', least(at, due), post, person, 1, late IS NOT TRUE), ('handle_late', least(at, due), post, person, 1, late AND NOT exempt),
        ('handle_exempted', least(at, due), post, person, 1, late AND exempt),
        ('handle_us', at, post, person, extract(epoch FROM at - p_at) * 1000000, true),
        ('to_close', least(at, due), coalesce(e_post, 0), coalesce(e_person, 0), 1, true),
        ('close_on_time', least(at, due), e_post, e_person, 1, e_verb = 'close' AND (late IS NOT TRUE OR exempt)),
        ('close_late', least(at, due), e_post, e_person, 1, e_verb = 'close' AND late AND NOT exempt),
        ('close_forced', least(at, due), e_post, e_person, 1, e_verb = 'force_close'),
        ('check_us', e_at, e_post, e_person, extract(epoch FROM e_at - at) * 1000000, e_verb = 'close')) AS v (counter, day, by_post, by_person, n, yes)
    UNION ALL SELECT f.verb || 'd_us', f.at, c, dept, f.post, f.person, extract(epoch FROM f.at - k.at) * 1000000, true
        FROM (SELECT c, at, post, person, CASE verb WHEN 'close' THEN 'close' ELSE 'force' END AS verb FROM first
            WHERE verb IN ('close', 'force_close')) AS f JOIN kase AS k USING (c)
    UNION ALL SELECT CASE verb WHEN 'rework' THEN CASE WHEN m.s = pg_temp.nth(c, verb, true) THEN 'reworked' ELSE 'reworked_again' END
            WHEN 'return' THEN 'returned' WHEN 'join' THEN 'joined' WHEN 'hang' THEN 'hung' ELSE 'extended' END, m.at, c,
            CASE WHEN verb = 'join' THEN 0 WHEN verb IN ('hang', 'extend') OR org = 0 THEN dept ELSE org END, m.post, m.person, 1, true
        FROM move AS m JOIN kase USING (c) WHERE verb IN ('rework', 'return', 'join', 'hang', 'extend'))
SELECT counter, (fact.at AT TIME ZONE %(zone)s)::date AS day, kase.cell, kase.class, fact.dept, fact.post, fact.person, c,
    sum(amount)::bigint AS amount
FROM fact JOIN kase USING (c) WHERE yes AND kase.state <> 'duplicate' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(amount) <> 0
UNION ALL SELECT 'joined', (m.at AT TIME ZONE %(zone)s)::date, cell, class, 0, k.post, k.person, c, 1 FROM kase AS k JOIN move AS m USING (c)
    WHERE state = 'duplicate' AND m.s = pg_temp.nth(c, 'mark_duplicate', false);
