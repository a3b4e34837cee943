-- Tells the other servers on this database. Alone, so that no vote waits for it, and not waiting for the disk
-- itself; a letter that a crash swallows is made good by comparing versions.
-- class: lease
-- params: letter text
SELECT true AS told
FROM (SELECT set_config('synchronous_commit', 'off', true), pg_notify('plateia', $1)) sent
