-- What authors and reviewers say to each other about a revision, and the changes that reviewers suggest.

CREATE TABLE review_comments (
  id TEXT NOT NULL PRIMARY KEY,
  review_id TEXT NOT NULL REFERENCES reviews (id),
  stage INTEGER NOT NULL CHECK (stage >= 0),
  pointer TEXT, -- the place in the revision's content; NULL is about all of it
  text TEXT NOT NULL,
  reply_to TEXT,
  person_id TEXT REFERENCES people (id),
  created_at INTEGER NOT NULL,
  idx INTEGER NOT NULL UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  UNIQUE (review_id, id),
  FOREIGN KEY (review_id, reply_to) REFERENCES review_comments (review_id, id)
) STRICT;
CREATE INDEX review_comments_review ON review_comments (review_id, idx);

CREATE TABLE review_suggestions (
  id TEXT NOT NULL PRIMARY KEY,
  review_id TEXT NOT NULL REFERENCES reviews (id),
  changes TEXT NOT NULL, -- as JSON
  reason TEXT NOT NULL,
  person_id TEXT REFERENCES people (id),
  created_at INTEGER NOT NULL,
  idx INTEGER NOT NULL UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  accepted_by TEXT REFERENCES people (id),
  accepted_at INTEGER,
  accepted_idx INTEGER UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  accepted_revision INTEGER, -- the draft that has it now
  CHECK ((accepted_at IS NULL) = (accepted_idx IS NULL)),
  CHECK ((accepted_at IS NULL) = (accepted_revision IS NULL)),
  CHECK (accepted_at IS NOT NULL OR accepted_by IS NULL)
) STRICT;
CREATE INDEX review_suggestions_review ON review_suggestions (review_id, idx);

-- R8: what was said in a review stays as it was said, whatever becomes of its stages and of who said it.
CREATE TRIGGER r08_comments_stay BEFORE DELETE ON review_comments
BEGIN SELECT RAISE(ABORT, 'r08: a comment is never deleted'); END;
CREATE TRIGGER r08_comments_do_not_change BEFORE UPDATE ON review_comments
WHEN NEW.id <> OLD.id OR NEW.review_id <> OLD.review_id OR NEW.stage <> OLD.stage
  OR NEW.pointer IS NOT OLD.pointer OR NEW.text <> OLD.text OR NEW.reply_to IS NOT OLD.reply_to
  OR NEW.created_at <> OLD.created_at OR NEW.idx <> OLD.idx
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r08: a comment never changes'); END;
-- R8: a suggestion stays as it was made, and is taken once.
CREATE TRIGGER r08_suggestions_stay BEFORE DELETE ON review_suggestions
BEGIN SELECT RAISE(ABORT, 'r08: a suggestion is never deleted'); END;
CREATE TRIGGER r08_suggestions_are_taken_once BEFORE UPDATE ON review_suggestions
WHEN NEW.id <> OLD.id OR NEW.review_id <> OLD.review_id OR NEW.changes <> OLD.changes OR NEW.reason <> OLD.reason
  OR NEW.created_at <> OLD.created_at OR NEW.idx <> OLD.idx
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
  OR (OLD.accepted_at IS NOT NULL AND (NEW.accepted_at IS NOT OLD.accepted_at
    OR NEW.accepted_idx IS NOT OLD.accepted_idx OR NEW.accepted_revision IS NOT OLD.accepted_revision
    OR (NEW.accepted_by IS NOT OLD.accepted_by AND NEW.accepted_by IS NOT NULL)))
BEGIN SELECT RAISE(ABORT, 'r08: a suggestion is only taken, and once'); END;
