-- What people must have accepted or finished before they share (R13), and that they have.

-- Guidelines have keys, as disclaimers and hashtags do.
ALTER TABLE items DROP CONSTRAINT items_check, ADD CONSTRAINT items_check
  CHECK ((key IS NOT NULL) = (kind IN ('disclaimer', 'guideline', 'hashtag')));

-- Who accepted which revision of a guideline.
CREATE TABLE acceptances (
  idx bigint NOT NULL PRIMARY KEY REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  person_id text REFERENCES people (id),
  item_id text NOT NULL,
  revision bigint NOT NULL,
  digest text NOT NULL,
  approved_idx bigint NOT NULL, -- of the revision, which it names as well
  accepted_at bigint NOT NULL,
  UNIQUE (person_id, approved_idx),
  FOREIGN KEY (item_id, revision) REFERENCES revisions (item_id, revision)
);

-- Trainings, version by version: what was in force when is kept.
CREATE TABLE trainings (
  id text NOT NULL PRIMARY KEY, -- of the version
  training_id text NOT NULL,
  version bigint NOT NULL CHECK (version >= 1),
  title text NOT NULL,
  url text NOT NULL,
  valid_months bigint CHECK (valid_months >= 1), -- NULL is for ever
  required_for text, -- an audience as JSON; NULL is of nobody
  required_from bigint NOT NULL,
  responsibility text NOT NULL, -- the key of the one whose holders record completions
  from_at bigint NOT NULL,
  until_at bigint CHECK (until_at >= from_at),
  UNIQUE (training_id, version)
);
CREATE UNIQUE INDEX trainings_in_force ON trainings (training_id) WHERE until_at IS NULL;

-- Who completed which training.
CREATE TABLE training_completions (
  idx bigint NOT NULL PRIMARY KEY REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  training_id text NOT NULL,
  version bigint NOT NULL, -- in force when it was recorded
  person_id text REFERENCES people (id),
  completed_on bigint NOT NULL, -- when the day began, in UTC
  withdrawn_idx bigint REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (training_id, version) REFERENCES trainings (training_id, version)
);
CREATE UNIQUE INDEX training_completions_once ON training_completions (person_id, training_id, completed_on);
CREATE INDEX training_completions_withdrawn ON training_completions (withdrawn_idx) WHERE withdrawn_idx IS NOT NULL;

-- R13: an acceptance is of a revision that was approved before, and stays.
CREATE FUNCTION r13_acceptances_follow_an_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM revisions WHERE item_id = NEW.item_id AND revision = NEW.revision
    AND state = 'approved' AND digest = NEW.digest AND approved_idx = NEW.approved_idx AND approved_idx < NEW.idx) THEN
    RAISE EXCEPTION 'r13: what is accepted was approved before';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r13_acceptances_follow_an_approval BEFORE INSERT ON acceptances
FOR EACH ROW EXECUTE FUNCTION r13_acceptances_follow_an_approval();
CREATE FUNCTION r13_acceptances_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r13: an acceptance is never deleted';
END $$;
CREATE TRIGGER r13_acceptances_stay BEFORE DELETE ON acceptances
FOR EACH ROW EXECUTE FUNCTION r13_acceptances_stay();
CREATE FUNCTION r13_acceptances_do_not_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.idx <> OLD.idx OR NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision
    OR NEW.digest <> OLD.digest OR NEW.approved_idx <> OLD.approved_idx OR NEW.accepted_at <> OLD.accepted_at
    OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL) THEN
    RAISE EXCEPTION 'r13: an acceptance never changes';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r13_acceptances_do_not_change BEFORE UPDATE ON acceptances
FOR EACH ROW EXECUTE FUNCTION r13_acceptances_do_not_change();
-- R13: a completion stays as it was recorded, and can be withdrawn once.
CREATE FUNCTION r13_completions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r13: a completion is never deleted';
END $$;
CREATE TRIGGER r13_completions_stay BEFORE DELETE ON training_completions
FOR EACH ROW EXECUTE FUNCTION r13_completions_stay();
CREATE FUNCTION r13_completions_are_only_withdrawn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.idx <> OLD.idx OR NEW.training_id <> OLD.training_id OR NEW.version <> OLD.version
    OR NEW.completed_on <> OLD.completed_on
    OR (OLD.withdrawn_idx IS NOT NULL AND NEW.withdrawn_idx IS DISTINCT FROM OLD.withdrawn_idx)
    OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL) THEN
    RAISE EXCEPTION 'r13: a completion is only withdrawn';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r13_completions_are_only_withdrawn BEFORE UPDATE ON training_completions
FOR EACH ROW EXECUTE FUNCTION r13_completions_are_only_withdrawn();
-- R13: a version of a training only ends.
CREATE FUNCTION r13_trainings_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r13: a version of a training is never deleted';
END $$;
CREATE TRIGGER r13_trainings_stay BEFORE DELETE ON trainings
FOR EACH ROW EXECUTE FUNCTION r13_trainings_stay();
CREATE FUNCTION r13_trainings_only_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.training_id <> OLD.training_id OR NEW.version <> OLD.version
    OR NEW.title <> OLD.title OR NEW.url <> OLD.url OR NEW.valid_months IS DISTINCT FROM OLD.valid_months
    OR NEW.required_for IS DISTINCT FROM OLD.required_for OR NEW.required_from <> OLD.required_from
    OR NEW.responsibility <> OLD.responsibility OR NEW.from_at <> OLD.from_at
    OR (OLD.until_at IS NOT NULL AND NEW.until_at IS DISTINCT FROM OLD.until_at) THEN
    RAISE EXCEPTION 'r13: a version of a training only ends';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r13_trainings_only_end BEFORE UPDATE ON trainings
FOR EACH ROW EXECUTE FUNCTION r13_trainings_only_end();
