-- What authors and reviewers say to each other about a revision, and the changes that reviewers suggest.

CREATE TABLE review_comments (
  id text NOT NULL PRIMARY KEY,
  review_id text NOT NULL REFERENCES reviews (id),
  stage bigint NOT NULL CHECK (stage >= 0),
  pointer text, -- the place in the revision's content; NULL is about all of it
  text text NOT NULL,
  reply_to text,
  person_id text REFERENCES people (id),
  created_at bigint NOT NULL,
  idx bigint NOT NULL UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  UNIQUE (review_id, id),
  FOREIGN KEY (review_id, reply_to) REFERENCES review_comments (review_id, id)
);
CREATE INDEX review_comments_review ON review_comments (review_id, idx);

CREATE TABLE review_suggestions (
  id text NOT NULL PRIMARY KEY,
  review_id text NOT NULL REFERENCES reviews (id),
  changes text NOT NULL, -- as JSON
  reason text NOT NULL,
  person_id text REFERENCES people (id),
  created_at bigint NOT NULL,
  idx bigint NOT NULL UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  accepted_by text REFERENCES people (id),
  accepted_at bigint,
  accepted_idx bigint UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  accepted_revision bigint, -- the draft that has it now
  CHECK ((accepted_at IS NULL) = (accepted_idx IS NULL)),
  CHECK ((accepted_at IS NULL) = (accepted_revision IS NULL)),
  CHECK (accepted_at IS NOT NULL OR accepted_by IS NULL)
);
CREATE INDEX review_suggestions_review ON review_suggestions (review_id, idx);

-- R8: what was said in a review stays as it was said, whatever becomes of its stages and of who said it.
CREATE FUNCTION r08_comments_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r08: a comment is never deleted';
END $$;
CREATE TRIGGER r08_comments_stay BEFORE DELETE ON review_comments
FOR EACH ROW EXECUTE FUNCTION r08_comments_stay();
CREATE FUNCTION r08_comments_do_not_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.review_id <> OLD.review_id OR NEW.stage <> OLD.stage
    OR NEW.pointer IS DISTINCT FROM OLD.pointer OR NEW.text <> OLD.text
    OR NEW.reply_to IS DISTINCT FROM OLD.reply_to
    OR NEW.created_at <> OLD.created_at OR NEW.idx <> OLD.idx
    OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL) THEN
    RAISE EXCEPTION 'r08: a comment never changes';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r08_comments_do_not_change BEFORE UPDATE ON review_comments
FOR EACH ROW EXECUTE FUNCTION r08_comments_do_not_change();
-- R8: a suggestion stays as it was made, and is taken once.
CREATE FUNCTION r08_suggestions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r08: a suggestion is never deleted';
END $$;
CREATE TRIGGER r08_suggestions_stay BEFORE DELETE ON review_suggestions
FOR EACH ROW EXECUTE FUNCTION r08_suggestions_stay();
CREATE FUNCTION r08_suggestions_are_taken_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.review_id <> OLD.review_id OR NEW.changes <> OLD.changes
    OR NEW.reason <> OLD.reason OR NEW.created_at <> OLD.created_at OR NEW.idx <> OLD.idx
    OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL)
    OR (OLD.accepted_at IS NOT NULL AND (NEW.accepted_at IS DISTINCT FROM OLD.accepted_at
      OR NEW.accepted_idx IS DISTINCT FROM OLD.accepted_idx
      OR NEW.accepted_revision IS DISTINCT FROM OLD.accepted_revision
      OR (NEW.accepted_by IS DISTINCT FROM OLD.accepted_by AND NEW.accepted_by IS NOT NULL))) THEN
    RAISE EXCEPTION 'r08: a suggestion is only taken, and once';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r08_suggestions_are_taken_once BEFORE UPDATE ON review_suggestions
FOR EACH ROW EXECUTE FUNCTION r08_suggestions_are_taken_once();
