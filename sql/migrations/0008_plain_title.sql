-- plain_title finds plain_text whatever the search path: vacuum and pg_restore, which have none, compute the index
-- movies_plain_title too. Written so, its body is bound to what it calls when it is made.

CREATE OR REPLACE FUNCTION plain_title(title text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce(nullif(plain_text(regexp_replace(title, '^(the|a|an)\s+|,\s*(the|a|an)$', '', 'gi')), ''), title);
