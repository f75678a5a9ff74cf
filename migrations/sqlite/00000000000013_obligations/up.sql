-- What people must have accepted or finished before they share (R13), and that they have.

-- Guidelines have keys, as disclaimers and hashtags do. The CHECK only grows wider: migration 2 says why it is
-- changed in this way.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK ((key IS NOT NULL) = (kind IN (''disclaimer'', ''hashtag'')))',
    'CHECK ((key IS NOT NULL) = (kind IN (''disclaimer'', ''guideline'', ''hashtag'')))')
  WHERE type = 'table' AND name = 'items';
PRAGMA writable_schema = RESET;

-- Who accepted which revision of a guideline.
CREATE TABLE acceptances (
  idx INTEGER NOT NULL PRIMARY KEY REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  person_id TEXT REFERENCES people (id),
  item_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  digest TEXT NOT NULL,
  approved_idx INTEGER NOT NULL, -- of the revision, which it names as well
  accepted_at INTEGER NOT NULL,
  UNIQUE (person_id, approved_idx),
  FOREIGN KEY (item_id, revision) REFERENCES revisions (item_id, revision)
) STRICT;

-- Trainings, version by version: what was in force when is kept.
CREATE TABLE trainings (
  id TEXT NOT NULL PRIMARY KEY, -- of the version
  training_id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  title TEXT NOT NULL,
  url TEXT NOT NULL,
  valid_months INTEGER CHECK (valid_months >= 1), -- NULL is for ever
  required_for TEXT, -- an audience as JSON; NULL is of nobody
  required_from INTEGER NOT NULL,
  responsibility TEXT NOT NULL, -- the key of the one whose holders record completions
  from_at INTEGER NOT NULL,
  until_at INTEGER CHECK (until_at >= from_at),
  UNIQUE (training_id, version)
) STRICT;
CREATE UNIQUE INDEX trainings_in_force ON trainings (training_id) WHERE until_at IS NULL;

-- Who completed which training.
CREATE TABLE training_completions (
  idx INTEGER NOT NULL PRIMARY KEY REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  training_id TEXT NOT NULL,
  version INTEGER NOT NULL, -- in force when it was recorded
  person_id TEXT REFERENCES people (id),
  completed_on INTEGER NOT NULL, -- when the day began, in UTC
  withdrawn_idx INTEGER REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (training_id, version) REFERENCES trainings (training_id, version)
) STRICT;
CREATE UNIQUE INDEX training_completions_once ON training_completions (person_id, training_id, completed_on);
CREATE INDEX training_completions_withdrawn ON training_completions (withdrawn_idx) WHERE withdrawn_idx IS NOT NULL;

-- R13: an acceptance is of a revision that was approved before, and stays.
CREATE TRIGGER r13_acceptances_follow_an_approval BEFORE INSERT ON acceptances
WHEN NOT EXISTS (SELECT 1 FROM revisions WHERE item_id = NEW.item_id AND revision = NEW.revision
  AND state = 'approved' AND digest = NEW.digest AND approved_idx = NEW.approved_idx AND approved_idx < NEW.idx)
BEGIN SELECT RAISE(ABORT, 'r13: what is accepted was approved before'); END;
CREATE TRIGGER r13_acceptances_stay BEFORE DELETE ON acceptances
BEGIN SELECT RAISE(ABORT, 'r13: an acceptance is never deleted'); END;
CREATE TRIGGER r13_acceptances_do_not_change BEFORE UPDATE ON acceptances
WHEN NEW.idx <> OLD.idx OR NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision
  OR NEW.digest <> OLD.digest OR NEW.approved_idx <> OLD.approved_idx OR NEW.accepted_at <> OLD.accepted_at
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r13: an acceptance never changes'); END;
-- R13: a completion stays as it was recorded, and can be withdrawn once.
CREATE TRIGGER r13_completions_stay BEFORE DELETE ON training_completions
BEGIN SELECT RAISE(ABORT, 'r13: a completion is never deleted'); END;
CREATE TRIGGER r13_completions_are_only_withdrawn BEFORE UPDATE ON training_completions
WHEN NEW.idx <> OLD.idx OR NEW.training_id <> OLD.training_id OR NEW.version <> OLD.version
  OR NEW.completed_on <> OLD.completed_on
  OR (OLD.withdrawn_idx IS NOT NULL AND NEW.withdrawn_idx IS NOT OLD.withdrawn_idx)
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r13: a completion is only withdrawn'); END;
-- R13: a version of a training only ends.
CREATE TRIGGER r13_trainings_stay BEFORE DELETE ON trainings
BEGIN SELECT RAISE(ABORT, 'r13: a version of a training is never deleted'); END;
CREATE TRIGGER r13_trainings_only_end BEFORE UPDATE ON trainings
WHEN NEW.id <> OLD.id OR NEW.training_id <> OLD.training_id OR NEW.version <> OLD.version
  OR NEW.title <> OLD.title OR NEW.url <> OLD.url OR NEW.valid_months IS NOT OLD.valid_months
  OR NEW.required_for IS NOT OLD.required_for OR NEW.required_from <> OLD.required_from
  OR NEW.responsibility <> OLD.responsibility OR NEW.from_at <> OLD.from_at
  OR (OLD.until_at IS NOT NULL AND NEW.until_at IS NOT OLD.until_at)
BEGIN SELECT RAISE(ABORT, 'r13: a version of a training only ends'); END;
