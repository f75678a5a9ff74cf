-- Workflows for what meets their conditions, in versions; reviews that are waited for by name and by date;
-- deputies.

-- A row is one version of a workflow. What was in force before had no name and one version.
DROP TRIGGER r08_workflows_only_end ON workflows;
ALTER TABLE workflows ADD COLUMN workflow_id TEXT NOT NULL DEFAULT '';
ALTER TABLE workflows ADD COLUMN version BIGINT NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE workflows ADD COLUMN name TEXT NOT NULL DEFAULT 'Review';
ALTER TABLE workflows ADD COLUMN conditions TEXT NOT NULL DEFAULT '{}';
ALTER TABLE workflows ADD COLUMN resume TEXT NOT NULL DEFAULT 'start' CHECK (resume IN ('start', 'asking_stage'));
ALTER TABLE workflows ADD COLUMN same_person_twice BOOLEAN NOT NULL DEFAULT false;
UPDATE workflows SET workflow_id = id;
DROP INDEX workflows_open;
CREATE UNIQUE INDEX workflows_open ON workflows (workflow_id) WHERE until_at IS NULL;
CREATE UNIQUE INDEX workflows_version ON workflows (workflow_id, version);
CREATE INDEX workflows_kind ON workflows (kind, workflow_id);

-- A review that resumed stands on the approvals of another for its first stages.
ALTER TABLE reviews ADD COLUMN first_stage BIGINT NOT NULL DEFAULT 0;
ALTER TABLE reviews ADD COLUMN resumed_from TEXT REFERENCES reviews (id);
-- The stage that cannot end as things stand, why, and since when it is known.
ALTER TABLE reviews ADD COLUMN stuck_stage BIGINT;
ALTER TABLE reviews ADD COLUMN stuck_reason TEXT;
ALTER TABLE reviews ADD COLUMN stuck_since BIGINT;
CREATE INDEX reviews_stuck ON reviews (id) WHERE stuck_since IS NOT NULL;
CREATE INDEX reviews_kind ON reviews (state, kind, id);

-- Whose work a deputy did.
ALTER TABLE decisions ADD COLUMN on_behalf_of TEXT REFERENCES people (id);
CREATE UNIQUE INDEX decisions_on_behalf ON decisions (review_id, stage, on_behalf_of);

-- When a stage opened, and what became of its dates. Reviews from before have no such rows: their stages
-- have no dates.
CREATE TABLE review_stages (
  review_id TEXT NOT NULL REFERENCES reviews (id),
  stage BIGINT NOT NULL,
  opened_at BIGINT NOT NULL,
  remind_at BIGINT,
  due_at BIGINT,
  reminded_at BIGINT,
  overdue_at BIGINT, -- when it was noticed, and the stage escalated
  closed_at BIGINT,
  PRIMARY KEY (review_id, stage)
);
CREATE INDEX review_stages_remind ON review_stages (remind_at)
  WHERE remind_at IS NOT NULL AND reminded_at IS NULL AND closed_at IS NULL;
CREATE INDEX review_stages_due ON review_stages (due_at)
  WHERE due_at IS NOT NULL AND overdue_at IS NULL AND closed_at IS NULL;
CREATE INDEX review_stages_overdue ON review_stages (review_id)
  WHERE due_at IS NOT NULL AND closed_at IS NULL;

-- Who was asked, of stages that ask everybody.
CREATE TABLE review_asked (
  id TEXT NOT NULL PRIMARY KEY,
  review_id TEXT NOT NULL,
  stage BIGINT NOT NULL,
  person_id TEXT REFERENCES people (id),
  until_at BIGINT, -- since when the stage was given to others
  FOREIGN KEY (review_id, stage) REFERENCES review_stages (review_id, stage)
);
CREATE UNIQUE INDEX review_asked_once ON review_asked (review_id, stage, person_id) WHERE until_at IS NULL;
CREATE INDEX review_asked_person ON review_asked (person_id);

-- Who may decide beside, or instead of, the pool that a stage began with.
CREATE TABLE review_pools (
  id TEXT NOT NULL PRIMARY KEY,
  review_id TEXT NOT NULL REFERENCES reviews (id),
  stage BIGINT NOT NULL,
  reviewers TEXT NOT NULL,
  cause TEXT NOT NULL CHECK (cause IN ('escalation', 'reassignment')),
  reason TEXT,
  person_id TEXT REFERENCES people (id),
  from_at BIGINT NOT NULL,
  idx BIGINT NOT NULL REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  CHECK ((cause = 'reassignment') = (reason IS NOT NULL))
);
CREATE INDEX review_pools_review ON review_pools (review_id, idx);
CREATE INDEX review_pools_idx ON review_pools (idx);

-- Which scheduled revisions were looked at once more when their time came.
CREATE TABLE go_live_checks (
  item_id TEXT NOT NULL,
  revision BIGINT NOT NULL,
  checked_at BIGINT NOT NULL,
  blocked_by TEXT, -- how, where it was blocked
  PRIMARY KEY (item_id, revision),
  FOREIGN KEY (item_id, revision) REFERENCES revisions (item_id, revision)
);
CREATE INDEX revisions_publish ON revisions (publish_at, item_id) WHERE publish_at IS NOT NULL;

-- A person's own work, handed to a deputy for some days.
CREATE TABLE delegations (
  id TEXT NOT NULL PRIMARY KEY,
  person_id TEXT REFERENCES people (id),
  deputy_id TEXT REFERENCES people (id),
  kinds TEXT NOT NULL,
  from_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL CHECK (until_at > from_at),
  ended_at BIGINT,
  created_at BIGINT NOT NULL,
  idx BIGINT NOT NULL REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  ended_idx BIGINT REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX delegations_person ON delegations (person_id, until_at);
CREATE INDEX delegations_deputy ON delegations (deputy_id, until_at);
CREATE INDEX delegations_until ON delegations (until_at);
CREATE INDEX delegations_idx ON delegations (idx);
CREATE INDEX delegations_ended ON delegations (ended_idx) WHERE ended_idx IS NOT NULL;

-- R8: what held is closed, never overwritten.
CREATE OR REPLACE FUNCTION r08_workflows_only_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.stages <> OLD.stages OR NEW.from_at <> OLD.from_at
    OR NEW.workflow_id <> OLD.workflow_id OR NEW.version <> OLD.version OR NEW.name <> OLD.name
    OR NEW.conditions <> OLD.conditions OR NEW.resume <> OLD.resume
    OR NEW.same_person_twice <> OLD.same_person_twice OR OLD.until_at IS NOT NULL THEN
    RAISE EXCEPTION 'r08: what held only ends';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r08_workflows_only_end BEFORE UPDATE ON workflows
FOR EACH ROW EXECUTE FUNCTION r08_workflows_only_end();
-- R8: a review keeps the stages it began with, where it began, and its outcome.
CREATE OR REPLACE FUNCTION r08_reviews_keep_their_stages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision
    OR NEW.digest <> OLD.digest OR NEW.workflow_id <> OLD.workflow_id OR NEW.stages <> OLD.stages
    OR NEW.first_stage <> OLD.first_stage OR NEW.resumed_from IS DISTINCT FROM OLD.resumed_from
    OR NEW.comment_room <> OLD.comment_room OR NEW.opened_at <> OLD.opened_at
    OR (OLD.state <> 'open' AND (NEW.state <> OLD.state OR NEW.closed_at IS DISTINCT FROM OLD.closed_at))
    OR (NEW.opened_by IS DISTINCT FROM OLD.opened_by AND NEW.opened_by IS NOT NULL) THEN
    RAISE EXCEPTION 'r08: a review keeps its stages and its outcome';
  END IF;
  RETURN NEW;
END $$;
-- R3: nobody decides on words they wrote, nor on those of whom they decide for.
CREATE OR REPLACE FUNCTION r03_authors_do_not_decide() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM revision_authors
    WHERE item_id = NEW.item_id AND revision = NEW.revision
      AND (person_id = NEW.person_id OR person_id = NEW.on_behalf_of)) THEN
    RAISE EXCEPTION 'r03: an author does not decide';
  END IF;
  RETURN NEW;
END $$;
-- R8: decisions that were cast stay.
CREATE OR REPLACE FUNCTION r08_decisions_do_not_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.review_id <> OLD.review_id OR NEW.stage <> OLD.stage OR NEW.decision <> OLD.decision
    OR NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision OR NEW.digest <> OLD.digest
    OR NEW.client_id IS DISTINCT FROM OLD.client_id OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.decided_at <> OLD.decided_at OR NEW.idx <> OLD.idx
    OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL)
    OR (NEW.on_behalf_of IS DISTINCT FROM OLD.on_behalf_of AND NEW.on_behalf_of IS NOT NULL) THEN
    RAISE EXCEPTION 'r08: a decision never changes';
  END IF;
  RETURN NEW;
END $$;
-- R8: when a stage opened, who was asked and to whom it was given stays on record.
CREATE FUNCTION r08_review_stages_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r08: a stage is never deleted';
END $$;
CREATE TRIGGER r08_review_stages_stay BEFORE DELETE ON review_stages
FOR EACH ROW EXECUTE FUNCTION r08_review_stages_stay();
CREATE FUNCTION r08_review_stages_keep_their_dates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.review_id <> OLD.review_id OR NEW.stage <> OLD.stage OR NEW.opened_at <> OLD.opened_at
    OR NEW.remind_at IS DISTINCT FROM OLD.remind_at OR NEW.due_at IS DISTINCT FROM OLD.due_at
    OR (OLD.reminded_at IS NOT NULL AND NEW.reminded_at IS DISTINCT FROM OLD.reminded_at)
    OR (OLD.overdue_at IS NOT NULL AND NEW.overdue_at IS DISTINCT FROM OLD.overdue_at)
    OR (OLD.closed_at IS NOT NULL AND NEW.closed_at IS DISTINCT FROM OLD.closed_at) THEN
    RAISE EXCEPTION 'r08: a stage keeps its dates';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r08_review_stages_keep_their_dates BEFORE UPDATE ON review_stages
FOR EACH ROW EXECUTE FUNCTION r08_review_stages_keep_their_dates();
CREATE FUNCTION r08_review_asked_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r08: who was asked is never deleted';
END $$;
CREATE TRIGGER r08_review_asked_stay BEFORE DELETE ON review_asked
FOR EACH ROW EXECUTE FUNCTION r08_review_asked_stay();
CREATE FUNCTION r08_review_asked_only_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.review_id <> OLD.review_id OR NEW.stage <> OLD.stage
    OR (OLD.until_at IS NOT NULL AND NEW.until_at IS DISTINCT FROM OLD.until_at)
    OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL) THEN
    RAISE EXCEPTION 'r08: who was asked only ends';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r08_review_asked_only_end BEFORE UPDATE ON review_asked
FOR EACH ROW EXECUTE FUNCTION r08_review_asked_only_end();
CREATE FUNCTION r08_review_pools_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r08: a reassignment or escalation is never deleted';
END $$;
CREATE TRIGGER r08_review_pools_stay BEFORE DELETE ON review_pools
FOR EACH ROW EXECUTE FUNCTION r08_review_pools_stay();
CREATE FUNCTION r08_review_pools_do_not_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.review_id <> OLD.review_id OR NEW.stage <> OLD.stage OR NEW.reviewers <> OLD.reviewers
    OR NEW.cause <> OLD.cause OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.from_at <> OLD.from_at OR NEW.idx <> OLD.idx
    OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL) THEN
    RAISE EXCEPTION 'r08: a reassignment or escalation never changes';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r08_review_pools_do_not_change BEFORE UPDATE ON review_pools
FOR EACH ROW EXECUTE FUNCTION r08_review_pools_do_not_change();
CREATE FUNCTION r08_delegations_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r08: a delegation is never deleted';
END $$;
CREATE TRIGGER r08_delegations_stay BEFORE DELETE ON delegations
FOR EACH ROW EXECUTE FUNCTION r08_delegations_stay();
CREATE FUNCTION r08_delegations_only_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.kinds <> OLD.kinds OR NEW.from_at <> OLD.from_at OR NEW.until_at <> OLD.until_at
    OR NEW.created_at <> OLD.created_at OR NEW.idx <> OLD.idx
    OR (OLD.ended_idx IS NOT NULL AND (NEW.ended_idx IS DISTINCT FROM OLD.ended_idx OR NEW.ended_at IS DISTINCT FROM OLD.ended_at))
    OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL)
    OR (NEW.deputy_id IS DISTINCT FROM OLD.deputy_id AND NEW.deputy_id IS NOT NULL) THEN
    RAISE EXCEPTION 'r08: a delegation only ends';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r08_delegations_only_end BEFORE UPDATE ON delegations
FOR EACH ROW EXECUTE FUNCTION r08_delegations_only_end();
