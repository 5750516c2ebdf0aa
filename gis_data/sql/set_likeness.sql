-- From which likeness on two texts count as alike, for this connection from now on. pg_trgm's own 0.6 takes two letters that
-- changed places in a word of six for another word.
SELECT set_config('pg_trgm.word_similarity_threshold', '0.5', false)
