-- Workflows for what meets their conditions, in versions; reviews that are waited for by name and by date;
-- deputies.

-- A row is one version of a workflow. What was in force before had no name and one version.
DROP TRIGGER r08_workflows_only_end;
ALTER TABLE workflows ADD COLUMN workflow_id TEXT NOT NULL DEFAULT '';
ALTER TABLE workflows ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE workflows ADD COLUMN name TEXT NOT NULL DEFAULT 'Review';
ALTER TABLE workflows ADD COLUMN conditions TEXT NOT NULL DEFAULT '{}';
ALTER TABLE workflows ADD COLUMN resume TEXT NOT NULL DEFAULT 'start' CHECK (resume IN ('start', 'asking_stage'));
ALTER TABLE workflows ADD COLUMN same_person_twice INTEGER NOT NULL DEFAULT 0;
UPDATE workflows SET workflow_id = id;
DROP INDEX workflows_open;
CREATE UNIQUE INDEX workflows_open ON workflows (workflow_id) WHERE until_at IS NULL;
CREATE UNIQUE INDEX workflows_version ON workflows (workflow_id, version);
CREATE INDEX workflows_kind ON workflows (kind, workflow_id);

-- A review that resumed stands on the approvals of another for its first stages.
ALTER TABLE reviews ADD COLUMN first_stage INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reviews ADD COLUMN resumed_from TEXT REFERENCES reviews (id);
-- The stage that cannot end as things stand, why, and since when it is known.
ALTER TABLE reviews ADD COLUMN stuck_stage INTEGER;
ALTER TABLE reviews ADD COLUMN stuck_reason TEXT;
ALTER TABLE reviews ADD COLUMN stuck_since INTEGER;
CREATE INDEX reviews_stuck ON reviews (id) WHERE stuck_since IS NOT NULL;
CREATE INDEX reviews_kind ON reviews (state, kind, id);

-- Whose work a deputy did.
ALTER TABLE decisions ADD COLUMN on_behalf_of TEXT REFERENCES people (id);
CREATE UNIQUE INDEX decisions_on_behalf ON decisions (review_id, stage, on_behalf_of);

-- When a stage opened, and what became of its dates. Reviews from before have no such rows: their stages
-- have no dates.
CREATE TABLE review_stages (
  review_id TEXT NOT NULL REFERENCES reviews (id),
  stage INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  remind_at INTEGER,
  due_at INTEGER,
  reminded_at INTEGER,
  overdue_at INTEGER, -- when it was noticed, and the stage escalated
  closed_at INTEGER,
  PRIMARY KEY (review_id, stage)
) STRICT;
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
  stage INTEGER NOT NULL,
  person_id TEXT REFERENCES people (id),
  until_at INTEGER, -- since when the stage was given to others
  FOREIGN KEY (review_id, stage) REFERENCES review_stages (review_id, stage)
) STRICT;
CREATE UNIQUE INDEX review_asked_once ON review_asked (review_id, stage, person_id) WHERE until_at IS NULL;
CREATE INDEX review_asked_person ON review_asked (person_id);

-- Who may decide beside, or instead of, the pool that a stage began with.
CREATE TABLE review_pools (
  id TEXT NOT NULL PRIMARY KEY,
  review_id TEXT NOT NULL REFERENCES reviews (id),
  stage INTEGER NOT NULL,
  reviewers TEXT NOT NULL,
  cause TEXT NOT NULL CHECK (cause IN ('escalation', 'reassignment')),
  reason TEXT,
  person_id TEXT REFERENCES people (id),
  from_at INTEGER NOT NULL,
  idx INTEGER NOT NULL REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  CHECK ((cause = 'reassignment') = (reason IS NOT NULL))
) STRICT;
CREATE INDEX review_pools_review ON review_pools (review_id, idx);
CREATE INDEX review_pools_idx ON review_pools (idx);

-- Which scheduled revisions were looked at once more when their time came.
CREATE TABLE go_live_checks (
  item_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  checked_at INTEGER NOT NULL,
  blocked_by TEXT, -- how, where it was blocked
  PRIMARY KEY (item_id, revision),
  FOREIGN KEY (item_id, revision) REFERENCES revisions (item_id, revision)
) STRICT;
CREATE INDEX revisions_publish ON revisions (publish_at, item_id) WHERE publish_at IS NOT NULL;

-- A person's own work, handed to a deputy for some days.
CREATE TABLE delegations (
  id TEXT NOT NULL PRIMARY KEY,
  person_id TEXT REFERENCES people (id),
  deputy_id TEXT REFERENCES people (id),
  kinds TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL CHECK (until_at > from_at),
  ended_at INTEGER,
  created_at INTEGER NOT NULL,
  idx INTEGER NOT NULL REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  ended_idx INTEGER REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX delegations_person ON delegations (person_id, until_at);
CREATE INDEX delegations_deputy ON delegations (deputy_id, until_at);
CREATE INDEX delegations_until ON delegations (until_at);
CREATE INDEX delegations_idx ON delegations (idx);
CREATE INDEX delegations_ended ON delegations (ended_idx) WHERE ended_idx IS NOT NULL;

-- R8: what held is closed, never overwritten.
CREATE TRIGGER r08_workflows_only_end BEFORE UPDATE ON workflows
WHEN NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.stages <> OLD.stages OR NEW.from_at <> OLD.from_at
  OR NEW.workflow_id <> OLD.workflow_id OR NEW.version <> OLD.version OR NEW.name <> OLD.name
  OR NEW.conditions <> OLD.conditions OR NEW.resume <> OLD.resume
  OR NEW.same_person_twice <> OLD.same_person_twice OR OLD.until_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'r08: what held only ends'); END;
-- R8: a review keeps the stages it began with, where it began, and its outcome.
DROP TRIGGER r08_reviews_keep_their_stages;
CREATE TRIGGER r08_reviews_keep_their_stages BEFORE UPDATE ON reviews
WHEN NEW.id <> OLD.id OR NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision
  OR NEW.digest <> OLD.digest OR NEW.workflow_id <> OLD.workflow_id OR NEW.stages <> OLD.stages
  OR NEW.first_stage <> OLD.first_stage OR NEW.resumed_from IS NOT OLD.resumed_from
  OR NEW.comment_room <> OLD.comment_room OR NEW.opened_at <> OLD.opened_at
  OR (OLD.state <> 'open' AND (NEW.state <> OLD.state OR NEW.closed_at IS NOT OLD.closed_at))
  OR (NEW.opened_by IS NOT OLD.opened_by AND NEW.opened_by IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r08: a review keeps its stages and its outcome'); END;
-- R3: nobody decides on words they wrote, nor on those of whom they decide for.
DROP TRIGGER r03_authors_do_not_decide;
CREATE TRIGGER r03_authors_do_not_decide BEFORE INSERT ON decisions
WHEN EXISTS (SELECT 1 FROM revision_authors
  WHERE item_id = NEW.item_id AND revision = NEW.revision
    AND (person_id = NEW.person_id OR person_id = NEW.on_behalf_of))
BEGIN SELECT RAISE(ABORT, 'r03: an author does not decide'); END;
-- R8: decisions that were cast stay.
DROP TRIGGER r08_decisions_do_not_change;
CREATE TRIGGER r08_decisions_do_not_change BEFORE UPDATE ON decisions
WHEN NEW.review_id <> OLD.review_id OR NEW.stage <> OLD.stage OR NEW.decision <> OLD.decision
  OR NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision OR NEW.digest <> OLD.digest
  OR NEW.client_id IS NOT OLD.client_id OR NEW.reason IS NOT OLD.reason OR NEW.decided_at <> OLD.decided_at OR NEW.idx <> OLD.idx
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
  OR (NEW.on_behalf_of IS NOT OLD.on_behalf_of AND NEW.on_behalf_of IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r08: a decision never changes'); END;
-- R8: when a stage opened, who was asked and to whom it was given stays on record.
CREATE TRIGGER r08_review_stages_stay BEFORE DELETE ON review_stages
BEGIN SELECT RAISE(ABORT, 'r08: a stage is never deleted'); END;
CREATE TRIGGER r08_review_stages_keep_their_dates BEFORE UPDATE ON review_stages
WHEN NEW.review_id <> OLD.review_id OR NEW.stage <> OLD.stage OR NEW.opened_at <> OLD.opened_at
  OR NEW.remind_at IS NOT OLD.remind_at OR NEW.due_at IS NOT OLD.due_at
  OR (OLD.reminded_at IS NOT NULL AND NEW.reminded_at IS NOT OLD.reminded_at)
  OR (OLD.overdue_at IS NOT NULL AND NEW.overdue_at IS NOT OLD.overdue_at)
  OR (OLD.closed_at IS NOT NULL AND NEW.closed_at IS NOT OLD.closed_at)
BEGIN SELECT RAISE(ABORT, 'r08: a stage keeps its dates'); END;
CREATE TRIGGER r08_review_asked_stay BEFORE DELETE ON review_asked
BEGIN SELECT RAISE(ABORT, 'r08: who was asked is never deleted'); END;
CREATE TRIGGER r08_review_asked_only_end BEFORE UPDATE ON review_asked
WHEN NEW.id <> OLD.id OR NEW.review_id <> OLD.review_id OR NEW.stage <> OLD.stage
  OR (OLD.until_at IS NOT NULL AND NEW.until_at IS NOT OLD.until_at)
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r08: who was asked only ends'); END;
CREATE TRIGGER r08_review_pools_stay BEFORE DELETE ON review_pools
BEGIN SELECT RAISE(ABORT, 'r08: a reassignment or escalation is never deleted'); END;
CREATE TRIGGER r08_review_pools_do_not_change BEFORE UPDATE ON review_pools
WHEN NEW.id <> OLD.id OR NEW.review_id <> OLD.review_id OR NEW.stage <> OLD.stage OR NEW.reviewers <> OLD.reviewers
  OR NEW.cause <> OLD.cause OR NEW.reason IS NOT OLD.reason OR NEW.from_at <> OLD.from_at OR NEW.idx <> OLD.idx
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r08: a reassignment or escalation never changes'); END;
CREATE TRIGGER r08_delegations_stay BEFORE DELETE ON delegations
BEGIN SELECT RAISE(ABORT, 'r08: a delegation is never deleted'); END;
CREATE TRIGGER r08_delegations_only_end BEFORE UPDATE ON delegations
WHEN NEW.id <> OLD.id OR NEW.kinds <> OLD.kinds OR NEW.from_at <> OLD.from_at OR NEW.until_at <> OLD.until_at
  OR NEW.created_at <> OLD.created_at OR NEW.idx <> OLD.idx
  OR (OLD.ended_idx IS NOT NULL AND (NEW.ended_idx IS NOT OLD.ended_idx OR NEW.ended_at IS NOT OLD.ended_at))
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
  OR (NEW.deputy_id IS NOT OLD.deputy_id AND NEW.deputy_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r08: a delegation only ends'); END;
