-- A completion that was withdrawn can be recorded again, as a row of its own: of those of one day one counts at most.
DROP INDEX training_completions_once;
CREATE UNIQUE INDEX training_completions_once
  ON training_completions (person_id, training_id, completed_on, coalesce(withdrawn_idx, -1));
