-- Every event and its fields. One that crosses is told to the other servers on the same database as well; all
-- others stay in the process where they happened.

return {
  -- A vote was counted. For each, once, in the process that counted it.
  ["vote.cast"] = {
    fields = { user_id = "integer", movie_id = "integer", month = "string", voted_at = "string" },
  },

  -- The standings are not what they were. `movie_ids` are the films that moved, or none where too many did;
  -- `version` is the number of votes in the standings.
  ["ranking.changed"] = {
    crosses = true,
    fields = { month = "string", movie_ids = "list", version = "integer" },
  },

  -- The core's own: from now on this process hears the others; whatever they said before may have been missed.
  ["listen.connected"] = {},
}
