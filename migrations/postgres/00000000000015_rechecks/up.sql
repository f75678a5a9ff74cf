-- Rechecks: which posts a revision of a disclaimer, rule or guideline touches, and what is done about them.

-- Its posts are written first, in parts where they are many, and it takes effect by one change of its row: with the
-- entry in the record that says so. One that never did is of no effect, and is forgotten.
CREATE TABLE rechecks (
  id TEXT NOT NULL PRIMARY KEY,
  item_id TEXT NOT NULL,
  revision BIGINT NOT NULL,
  digest TEXT NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('none', 'notify', 'reapprove')),
  reason TEXT,
  person_id TEXT REFERENCES people (id),
  begun_at BIGINT NOT NULL,
  idx BIGINT REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  rechecked_at BIGINT,
  posts BIGINT,
  content_version BIGINT, -- from which on the posts are blocked, or are no more; NULL where they never were
  ended_idx BIGINT REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  ended_at BIGINT,
  FOREIGN KEY (item_id, revision, digest) REFERENCES revisions (item_id, revision, digest),
  CHECK ((idx IS NULL) = (rechecked_at IS NULL) AND (idx IS NULL) = (posts IS NULL)),
  CHECK (content_version IS NULL OR (idx IS NOT NULL AND action = 'reapprove')),
  CHECK ((ended_idx IS NULL) = (ended_at IS NULL) AND (ended_idx IS NULL OR content_version IS NOT NULL))
);
CREATE UNIQUE INDEX rechecks_idx ON rechecks (idx);
CREATE INDEX rechecks_ended ON rechecks (ended_idx) WHERE ended_idx IS NOT NULL;
CREATE INDEX rechecks_item ON rechecks (item_id, idx);
CREATE INDEX rechecks_person ON rechecks (person_id);
CREATE INDEX rechecks_version ON rechecks (content_version) WHERE content_version IS NOT NULL;
-- For the sweep.
CREATE INDEX rechecks_begun ON rechecks (begun_at) WHERE idx IS NULL;

CREATE TABLE recheck_posts (
  recheck_id TEXT NOT NULL REFERENCES rechecks (id),
  post_id TEXT NOT NULL,
  revision BIGINT NOT NULL, -- the first of the post that is touched
  because TEXT NOT NULL CHECK (because IN ('pins_older', 'required', 'rule_finds', 'shared_audience')),
  PRIMARY KEY (recheck_id, post_id),
  FOREIGN KEY (post_id, revision) REFERENCES revisions (item_id, revision)
);
CREATE INDEX recheck_posts_post ON recheck_posts (post_id, revision);

-- R12: what keeps posts from being live is told by one entry, which names how many there are.
CREATE FUNCTION r12_rechecks_begin_without_effect() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.idx IS NOT NULL THEN
    RAISE EXCEPTION 'r12: a recheck takes effect when its posts are written';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r12_rechecks_begin_without_effect BEFORE INSERT ON rechecks
FOR EACH ROW EXECUTE FUNCTION r12_rechecks_begin_without_effect();
CREATE FUNCTION r12_rechecks_take_effect_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision OR NEW.digest <> OLD.digest
    OR NEW.action <> OLD.action OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.begun_at <> OLD.begun_at
    OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL)
    OR (OLD.idx IS NOT NULL AND (NEW.idx IS DISTINCT FROM OLD.idx OR NEW.rechecked_at IS DISTINCT FROM OLD.rechecked_at
      OR NEW.posts IS DISTINCT FROM OLD.posts
    OR (NEW.content_version IS DISTINCT FROM OLD.content_version AND NEW.ended_idx IS NULL)))
  OR (OLD.ended_idx IS NOT NULL AND (NEW.ended_idx IS DISTINCT FROM OLD.ended_idx OR NEW.ended_at IS DISTINCT FROM OLD.ended_at
    OR NEW.content_version IS DISTINCT FROM OLD.content_version))
    OR (OLD.idx IS NULL AND NEW.idx IS NOT NULL
      AND NEW.posts <> (SELECT count(*) FROM recheck_posts WHERE recheck_id = NEW.id)) THEN
    RAISE EXCEPTION 'r12: a recheck takes effect once, with its posts';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r12_rechecks_take_effect_once BEFORE UPDATE ON rechecks
FOR EACH ROW EXECUTE FUNCTION r12_rechecks_take_effect_once();
CREATE FUNCTION r12_rechecks_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.idx IS NOT NULL THEN
    RAISE EXCEPTION 'r12: a recheck is never deleted';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER r12_rechecks_stay BEFORE DELETE ON rechecks
FOR EACH ROW EXECUTE FUNCTION r12_rechecks_stay();
CREATE FUNCTION r12_recheck_posts_come_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM rechecks WHERE id = NEW.recheck_id AND idx IS NOT NULL) THEN
    RAISE EXCEPTION 'r12: a recheck that took effect gets no more posts';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r12_recheck_posts_come_before BEFORE INSERT ON recheck_posts
FOR EACH ROW EXECUTE FUNCTION r12_recheck_posts_come_before();
CREATE FUNCTION r12_recheck_posts_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r12: what a recheck touches never changes';
END $$;
CREATE TRIGGER r12_recheck_posts_never_change BEFORE UPDATE ON recheck_posts
FOR EACH ROW EXECUTE FUNCTION r12_recheck_posts_never_change();
CREATE FUNCTION r12_recheck_posts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM rechecks WHERE id = OLD.recheck_id AND idx IS NOT NULL) THEN
    RAISE EXCEPTION 'r12: what a recheck touched is never deleted';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER r12_recheck_posts_stay BEFORE DELETE ON recheck_posts
FOR EACH ROW EXECUTE FUNCTION r12_recheck_posts_stay();
