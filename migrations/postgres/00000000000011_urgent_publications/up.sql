-- Urgent publications: posts that went live before their reviews, and what those led to.

CREATE TABLE urgent_publications (
  item_id TEXT NOT NULL,
  revision BIGINT NOT NULL,
  digest TEXT NOT NULL,
  person_id TEXT REFERENCES people (id),
  reason TEXT NOT NULL,
  idx BIGINT NOT NULL REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  published_at BIGINT NOT NULL,
  review_by BIGINT NOT NULL CHECK (review_by > published_at),
  review_id TEXT NOT NULL REFERENCES reviews (id),
  outcome TEXT CHECK (outcome IN ('confirmed', 'refused')),
  outcome_at BIGINT,
  outcome_idx BIGINT REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  overdue_at BIGINT, -- when it was noticed that nobody had reviewed it in time
  PRIMARY KEY (item_id, revision),
  CHECK ((outcome IS NULL) = (outcome_at IS NULL)),
  CHECK ((outcome IS NULL) = (outcome_idx IS NULL)),
  CHECK (outcome_idx > idx),
  FOREIGN KEY (item_id, revision, digest) REFERENCES revisions (item_id, revision, digest)
);
CREATE UNIQUE INDEX urgent_publications_review ON urgent_publications (review_id);
CREATE INDEX urgent_publications_idx ON urgent_publications (idx);
CREATE INDEX urgent_publications_outcome ON urgent_publications (outcome_idx) WHERE outcome_idx IS NOT NULL;
CREATE INDEX urgent_publications_published ON urgent_publications (published_at, idx);
CREATE INDEX urgent_publications_due ON urgent_publications (review_by)
  WHERE outcome IS NULL AND overdue_at IS NULL;
CREATE INDEX urgent_publications_person ON urgent_publications (person_id);

-- R1: approved is what a review approved, or what was published urgently: that very revision, by that very entry.
CREATE OR REPLACE FUNCTION r01_approved_by_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state = 'approved' AND OLD.state <> 'approved' AND NOT EXISTS (
    SELECT 1 FROM reviews WHERE item_id = NEW.item_id AND revision = NEW.revision
      AND digest = NEW.digest AND state = 'approved') AND NOT EXISTS (
    SELECT 1 FROM urgent_publications WHERE item_id = NEW.item_id AND revision = NEW.revision
      AND digest = NEW.digest AND idx = NEW.approved_idx) THEN
    RAISE EXCEPTION 'r01: a revision is approved by its review, or published urgently';
  END IF;
  RETURN NEW;
END $$;
-- C16: only a post under review is published before that review, which is open; what it leads to is not known.
CREATE FUNCTION c16_urgent_publications_begin_under_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.outcome IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM reviews JOIN revisions ON revisions.item_id = reviews.item_id
      AND revisions.revision = reviews.revision AND revisions.digest = reviews.digest
    WHERE reviews.id = NEW.review_id AND reviews.state = 'open' AND reviews.kind = 'post'
      AND revisions.state = 'in_review' AND revisions.item_id = NEW.item_id
      AND revisions.revision = NEW.revision AND revisions.digest = NEW.digest) THEN
    RAISE EXCEPTION 'c16: only a post under review is published urgently';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER c16_urgent_publications_begin_under_review BEFORE INSERT ON urgent_publications
FOR EACH ROW EXECUTE FUNCTION c16_urgent_publications_begin_under_review();
-- C16: an urgent publication stays as it was, and once gets the outcome of its review.
CREATE FUNCTION c16_urgent_publications_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'c16: an urgent publication is never deleted';
END $$;
CREATE TRIGGER c16_urgent_publications_stay BEFORE DELETE ON urgent_publications
FOR EACH ROW EXECUTE FUNCTION c16_urgent_publications_stay();
CREATE FUNCTION c16_urgent_publications_only_get_their_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision OR NEW.digest <> OLD.digest
    OR NEW.reason <> OLD.reason OR NEW.idx <> OLD.idx OR NEW.published_at <> OLD.published_at
    OR NEW.review_by <> OLD.review_by OR NEW.review_id <> OLD.review_id
    OR (OLD.overdue_at IS NOT NULL AND NEW.overdue_at IS DISTINCT FROM OLD.overdue_at)
    OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL)
    OR (OLD.outcome IS NOT NULL AND (NEW.outcome IS DISTINCT FROM OLD.outcome OR NEW.outcome_at IS DISTINCT FROM OLD.outcome_at
      OR NEW.outcome_idx IS DISTINCT FROM OLD.outcome_idx))
    OR (OLD.outcome IS NULL AND NEW.outcome IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM reviews WHERE id = NEW.review_id
        AND ((NEW.outcome = 'confirmed' AND state = 'approved')
          OR (NEW.outcome = 'refused' AND state IN ('changes_requested', 'rejected'))))) THEN
    RAISE EXCEPTION 'c16: an urgent publication only gets the outcome of its review';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER c16_urgent_publications_only_get_their_outcome BEFORE UPDATE ON urgent_publications
FOR EACH ROW EXECUTE FUNCTION c16_urgent_publications_only_get_their_outcome();
-- C16: whoever published urgently does not review it, nor does anybody for them.
CREATE FUNCTION c16_publishers_do_not_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM urgent_publications
    WHERE review_id = NEW.review_id AND (person_id = NEW.person_id OR person_id = NEW.on_behalf_of)) THEN
    RAISE EXCEPTION 'c16: who published urgently does not review it';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER c16_publishers_do_not_review BEFORE INSERT ON decisions
FOR EACH ROW EXECUTE FUNCTION c16_publishers_do_not_review();
