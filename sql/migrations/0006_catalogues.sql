-- When films of two catalogues are one film: the same title, but for case, accents, punctuation and an article
-- in front, and the same year; and the same director, where both name one.

CREATE FUNCTION plain_text(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(lower(replace(normalize(words, NFKD), '&', ' and ') COLLATE "und-x-icu")
                          COLLATE "und-x-icu", '[^[:alnum:]]+', '', 'g')
$$;

COMMENT ON FUNCTION plain_text IS 'letters and digits only, in lower case, without accents';

-- "The Birds", "Birds, The" and "the birds" are "birds"; a title of signs alone stays as it is.
CREATE FUNCTION plain_title(title text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(nullif(plain_text(regexp_replace(title, '^(the|a|an)\s+|,\s*(the|a|an)$', '', 'gi')), ''), title)
$$;

COMMENT ON FUNCTION plain_title IS 'the same for one film''s title in different catalogues';

CREATE INDEX movies_plain_title ON movies (plain_title(title), year);

ALTER TABLE movie_sources ADD COLUMN leads boolean NOT NULL DEFAULT true;

COMMENT ON COLUMN movie_sources.leads IS 'brought the film, so its values win; the others fill gaps';
