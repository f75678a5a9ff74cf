-- The main job: record, people, items and their revisions, reviews, shares.
--
-- Times are microseconds since 1970 in UTC, ids are UUIDs as text, documents are JSON as text. A column
-- `idx` is the index of an entry of the record; its foreign key is checked at commit, because entries
-- are appended as a transaction's last act. Each such column has an index: SQLite looks in all of them
-- for rows that waited for the entry it writes. Rows that say what held from when until when have
-- `from_at` and `until_at` (open while NULL) and are never overwritten.

-- The record -----------------------------------------------------------------------------------------

-- The one row that every write transaction locks first.
CREATE TABLE record_state (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  size INTEGER NOT NULL CHECK (size >= 0),
  epoch INTEGER NOT NULL,
  content_version INTEGER NOT NULL,
  access_version INTEGER NOT NULL,
  config_digest TEXT,
  updated_at INTEGER NOT NULL -- the time of the last entry
) STRICT;
INSERT INTO record_state VALUES (1, 0, 1, 0, 0, NULL, 0);

CREATE TABLE record_entries (
  idx INTEGER NOT NULL PRIMARY KEY CHECK (idx >= 0),
  event_id TEXT NOT NULL UNIQUE,
  typ TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  statement TEXT,
  fields TEXT, -- the values of the record class, from which each disclosure can be made again
  leaf_hash BLOB NOT NULL,
  record_key BLOB,
  redacted_at INTEGER,
  redaction_idx INTEGER REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  CHECK (redaction_idx IS NOT NULL OR (statement IS NOT NULL AND fields IS NOT NULL AND record_key IS NOT NULL))
) STRICT;
CREATE INDEX record_entries_typ ON record_entries (typ, idx);
CREATE INDEX record_entries_redaction ON record_entries (redaction_idx) WHERE redaction_idx IS NOT NULL;

-- Who a person is ------------------------------------------------------------------------------------

-- Names stand here only sealed under the person's key; look-ups go by HMAC.
CREATE TABLE people (
  id TEXT NOT NULL PRIMARY KEY,
  email_hmac TEXT UNIQUE,
  external_id_hmac TEXT UNIQUE,
  email BLOB,
  external_id BLOB,
  display_name BLOB,
  password_hash TEXT,
  language TEXT,
  version INTEGER NOT NULL,
  access_version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  erased_idx INTEGER REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX people_access_version ON people (access_version);
CREATE INDEX people_erased ON people (erased_idx) WHERE erased_idx IS NOT NULL;

CREATE TABLE subject_keys (
  person_id TEXT NOT NULL PRIMARY KEY REFERENCES people (id),
  wrapped BLOB,
  kek_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  destroyed_at INTEGER,
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
) STRICT;

-- Personal values of entries, each sealed and salted under the key of the person it is about.
CREATE TABLE record_personal (
  idx INTEGER NOT NULL REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  field TEXT NOT NULL,
  person_id TEXT REFERENCES people (id),
  ciphertext BLOB,
  PRIMARY KEY (idx, field),
  CHECK ((person_id IS NULL) = (ciphertext IS NULL))
) STRICT;
CREATE INDEX record_personal_person ON record_personal (person_id, idx);

CREATE TABLE person_activities (
  id TEXT NOT NULL PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  from_at INTEGER NOT NULL,
  until_at INTEGER CHECK (until_at >= from_at)
) STRICT;
CREATE UNIQUE INDEX person_activities_open ON person_activities (person_id) WHERE until_at IS NULL;
CREATE INDEX person_activities_person ON person_activities (person_id, from_at);

CREATE TABLE person_roles (
  id TEXT NOT NULL PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  role TEXT NOT NULL CHECK (role IN ('admin', 'auditor', 'author', 'employee', 'publisher', 'reviewer')),
  from_at INTEGER NOT NULL,
  until_at INTEGER CHECK (until_at >= from_at)
) STRICT;
CREATE UNIQUE INDEX person_roles_open ON person_roles (person_id, role) WHERE until_at IS NULL;
CREATE INDEX person_roles_role ON person_roles (role, until_at);

CREATE TABLE person_countries (
  id TEXT NOT NULL PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  country TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  until_at INTEGER CHECK (until_at >= from_at)
) STRICT;
CREATE UNIQUE INDEX person_countries_open ON person_countries (person_id) WHERE until_at IS NULL;

CREATE TABLE groups (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE group_members (
  id TEXT NOT NULL PRIMARY KEY,
  group_id TEXT NOT NULL REFERENCES groups (id),
  person_id TEXT NOT NULL REFERENCES people (id),
  from_at INTEGER NOT NULL,
  until_at INTEGER CHECK (until_at >= from_at)
) STRICT;
CREATE UNIQUE INDEX group_members_open ON group_members (group_id, person_id) WHERE until_at IS NULL;
CREATE INDEX group_members_person ON group_members (person_id, until_at);

-- Access ---------------------------------------------------------------------------------------------

CREATE TABLE sessions (
  id TEXT NOT NULL PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;
CREATE INDEX sessions_person ON sessions (person_id, revoked_at);
CREATE INDEX sessions_revoked ON sessions (revoked_at);
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE refresh_tokens (
  hash TEXT NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions (id),
  created_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE api_keys (
  id TEXT NOT NULL PRIMARY KEY,
  prefix TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT REFERENCES people (id),
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT;

-- The fingerprints of the keys that this database's values were made with.
CREATE TABLE key_fingerprints (
  name TEXT NOT NULL PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- What was answered to a request with an Idempotency-Key: where the answer is, never the answer itself.
CREATE TABLE idempotency_keys (
  client_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  key TEXT NOT NULL,
  status INTEGER NOT NULL,
  resource_id TEXT NOT NULL,
  body_hmac TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, person_id, operation, key)
) STRICT;
-- For the sweep, which leaves the keys of shares.
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at) WHERE operation <> 'share_create';

-- Content --------------------------------------------------------------------------------------------

CREATE TABLE items (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('disclaimer', 'hashtag', 'post')),
  key TEXT,
  version INTEGER NOT NULL,
  content_version INTEGER NOT NULL, -- the content_version at which its approvals or endings last changed
  working_revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT REFERENCES people (id),
  CHECK ((key IS NOT NULL) = (kind IN ('disclaimer', 'hashtag'))),
  UNIQUE (kind, key)
) STRICT;
CREATE INDEX items_kind ON items (kind, id);
CREATE INDEX items_content_version ON items (content_version);

CREATE TABLE revisions (
  item_id TEXT NOT NULL REFERENCES items (id),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  state TEXT NOT NULL CHECK (state IN
    ('draft', 'in_review', 'approved', 'changes_requested', 'rejected', 'withdrawn', 'lapsed')),
  content TEXT,
  pins TEXT NOT NULL,
  digest TEXT NOT NULL,
  imported INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  submitted_at INTEGER,
  submitted_idx INTEGER REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  approved_at INTEGER,
  approved_idx INTEGER REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  publish_at INTEGER,
  expires_at INTEGER,
  campaign TEXT,
  redacted_idx INTEGER REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (item_id, revision),
  UNIQUE (item_id, revision, digest),
  CHECK ((state = 'draft') = (submitted_idx IS NULL)),
  CHECK ((state = 'approved') = (approved_idx IS NOT NULL)),
  CHECK (approved_idx >= submitted_idx),
  CHECK (content IS NOT NULL OR redacted_idx IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX revisions_one_draft ON revisions (item_id) WHERE state = 'draft';
CREATE UNIQUE INDEX revisions_one_in_review ON revisions (item_id) WHERE state = 'in_review';
CREATE INDEX revisions_campaign ON revisions (campaign, item_id);
CREATE INDEX revisions_submitted ON revisions (submitted_idx) WHERE submitted_idx IS NOT NULL;
CREATE INDEX revisions_approved ON revisions (approved_idx) WHERE approved_idx IS NOT NULL;
CREATE INDEX revisions_redacted ON revisions (redacted_idx) WHERE redacted_idx IS NOT NULL;

CREATE TABLE revision_authors (
  item_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  person_id TEXT REFERENCES people (id),
  UNIQUE (item_id, revision, person_id),
  FOREIGN KEY (item_id, revision) REFERENCES revisions (item_id, revision)
) STRICT;
CREATE INDEX revision_authors_person ON revision_authors (person_id, item_id);

-- A recall or a retirement: it holds for the revisions submitted before it.
CREATE TABLE endings (
  id TEXT NOT NULL PRIMARY KEY,
  item_id TEXT NOT NULL REFERENCES items (id),
  ending TEXT NOT NULL CHECK (ending IN ('recall', 'retirement')),
  reason TEXT NOT NULL,
  person_id TEXT REFERENCES people (id),
  ended_at INTEGER NOT NULL,
  idx INTEGER NOT NULL REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX endings_item ON endings (item_id, idx);
CREATE INDEX endings_idx ON endings (idx);

CREATE TABLE freezes (
  id TEXT NOT NULL PRIMARY KEY,
  channel TEXT, -- NULL freezes everything
  reason TEXT NOT NULL,
  person_id TEXT REFERENCES people (id),
  from_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL CHECK (until_at > from_at),
  ended_at INTEGER,
  idx INTEGER NOT NULL REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  ended_idx INTEGER REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX freezes_until ON freezes (until_at);
CREATE INDEX freezes_idx ON freezes (idx);
CREATE INDEX freezes_ended ON freezes (ended_idx) WHERE ended_idx IS NOT NULL;

-- Review ---------------------------------------------------------------------------------------------

CREATE TABLE workflows (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('disclaimer', 'hashtag', 'post')),
  stages TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  until_at INTEGER CHECK (until_at >= from_at),
  created_by TEXT REFERENCES people (id)
) STRICT;
CREATE UNIQUE INDEX workflows_open ON workflows (kind) WHERE until_at IS NULL;

CREATE TABLE reviews (
  id TEXT NOT NULL PRIMARY KEY,
  item_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  revision INTEGER NOT NULL,
  digest TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN
    ('open', 'approved', 'changes_requested', 'rejected', 'withdrawn', 'lapsed')),
  workflow_id TEXT NOT NULL REFERENCES workflows (id),
  stages TEXT NOT NULL, -- as they stood when the review opened
  comment_room TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  opened_by TEXT REFERENCES people (id),
  closed_at INTEGER,
  CHECK ((state = 'open') = (closed_at IS NULL)),
  UNIQUE (item_id, revision),
  FOREIGN KEY (item_id, revision, digest) REFERENCES revisions (item_id, revision, digest)
) STRICT;
CREATE UNIQUE INDEX reviews_one_open ON reviews (item_id) WHERE state = 'open';
CREATE INDEX reviews_state ON reviews (state, id);

CREATE TABLE decisions (
  idx INTEGER NOT NULL PRIMARY KEY REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  review_id TEXT NOT NULL REFERENCES reviews (id),
  stage INTEGER NOT NULL,
  item_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  digest TEXT NOT NULL,
  person_id TEXT REFERENCES people (id),
  client_id TEXT REFERENCES api_keys (id),
  decision TEXT NOT NULL CHECK (decision IN ('approve', 'request_changes', 'reject')),
  reason TEXT,
  decided_at INTEGER NOT NULL,
  CHECK (decision = 'approve' OR reason IS NOT NULL),
  UNIQUE (review_id, stage, person_id),
  FOREIGN KEY (item_id, revision, digest) REFERENCES revisions (item_id, revision, digest)
) STRICT;
CREATE INDEX decisions_person ON decisions (person_id, idx);
CREATE INDEX decisions_item ON decisions (item_id, idx);
CREATE INDEX decisions_decided ON decisions (decided_at, idx);

-- Sharing --------------------------------------------------------------------------------------------

-- The text handed over is personal: it stands sealed in record_personal at idx, field `final_text`.
CREATE TABLE shares (
  id TEXT NOT NULL PRIMARY KEY,
  idx INTEGER NOT NULL UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  item_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  revision INTEGER NOT NULL,
  digest TEXT NOT NULL,
  person_id TEXT REFERENCES people (id),
  client_id TEXT REFERENCES api_keys (id),
  channel TEXT NOT NULL,
  language TEXT NOT NULL,
  copy_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('issued', 'confirmed', 'failed', 'removed')),
  parts TEXT NOT NULL,
  disclaimers TEXT NOT NULL,
  link TEXT,
  headline TEXT,
  intent_template TEXT,
  delivery TEXT NOT NULL CHECK (delivery IN ('prefilled', 'paste_then_open', 'share_sheet')),
  must_paste INTEGER NOT NULL,
  rules_digest TEXT NOT NULL,
  issued_at INTEGER NOT NULL,
  lapses_at INTEGER NOT NULL CHECK (lapses_at > issued_at),
  FOREIGN KEY (item_id, revision, digest) REFERENCES revisions (item_id, revision, digest)
) STRICT;
CREATE INDEX shares_person ON shares (person_id, idx);
CREATE INDEX shares_item ON shares (item_id, idx);
CREATE INDEX shares_channel ON shares (channel, idx);
CREATE INDEX shares_state ON shares (state, idx);
CREATE INDEX shares_issued ON shares (issued_at, idx);

CREATE TABLE share_outcomes (
  idx INTEGER NOT NULL PRIMARY KEY REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  share_id TEXT NOT NULL REFERENCES shares (id),
  result TEXT NOT NULL CHECK (result IN ('confirmed', 'failed', 'removed')),
  late INTEGER NOT NULL,
  unverified INTEGER NOT NULL,
  client_id TEXT REFERENCES api_keys (id),
  reported_at INTEGER NOT NULL
) STRICT;
CREATE INDEX share_outcomes_share ON share_outcomes (share_id, idx);

-- What the database itself refuses ---------------------------------------------------------------------

-- R20: entries are only added; they change in one way, to NULL by a redaction.
CREATE TRIGGER r20_entries_stay BEFORE DELETE ON record_entries
BEGIN SELECT RAISE(ABORT, 'r20: an entry of the record is never deleted'); END;
CREATE TRIGGER r20_entries_are_contiguous BEFORE INSERT ON record_entries
WHEN NEW.idx > 0 AND NOT EXISTS (SELECT 1 FROM record_entries WHERE idx = NEW.idx - 1)
BEGIN SELECT RAISE(ABORT, 'r20: the indexes of the record have no gap'); END;
CREATE TRIGGER r20_entries_do_not_change BEFORE UPDATE ON record_entries
WHEN NOT (
  NEW.idx = OLD.idx AND NEW.event_id = OLD.event_id AND NEW.typ = OLD.typ
  AND NEW.occurred_at = OLD.occurred_at AND NEW.leaf_hash = OLD.leaf_hash
  AND OLD.redaction_idx IS NULL AND NEW.redaction_idx IS NOT NULL
  AND NEW.statement IS NULL AND NEW.fields IS NULL AND NEW.record_key IS NULL)
BEGIN SELECT RAISE(ABORT, 'r20: an entry of the record never changes'); END;
CREATE TRIGGER r20_personal_stays BEFORE DELETE ON record_personal
BEGIN SELECT RAISE(ABORT, 'r20: a value of the record is never deleted'); END;
CREATE TRIGGER r20_personal_does_not_change BEFORE UPDATE ON record_personal
WHEN NOT (NEW.idx = OLD.idx AND NEW.field = OLD.field AND NEW.person_id IS NULL AND NEW.ciphertext IS NULL)
BEGIN SELECT RAISE(ABORT, 'r20: a value of the record never changes'); END;
CREATE TRIGGER r20_state_stays BEFORE DELETE ON record_state
BEGIN SELECT RAISE(ABORT, 'r20: the state of the record is never deleted'); END;
-- R21: the size grows and the time never runs backwards.
CREATE TRIGGER r21_state_moves_forward BEFORE UPDATE ON record_state
WHEN NEW.size < OLD.size OR NEW.updated_at < OLD.updated_at
  OR NEW.content_version < OLD.content_version OR NEW.access_version < OLD.access_version
BEGIN SELECT RAISE(ABORT, 'r21: the record never goes back'); END;

-- R2: a frozen revision never changes, but for its state and a redaction; no revision is deleted.
CREATE TRIGGER r02_revisions_stay BEFORE DELETE ON revisions
BEGIN SELECT RAISE(ABORT, 'r02: a revision is never deleted'); END;
CREATE TRIGGER r02_revisions_are_frozen BEFORE UPDATE ON revisions
WHEN NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision OR NEW.imported <> OLD.imported
  OR NEW.created_at <> OLD.created_at
  OR (OLD.state <> 'draft' AND (
    NEW.campaign IS NOT OLD.campaign OR NEW.submitted_at IS NOT OLD.submitted_at
    OR (OLD.approved_idx IS NOT NULL
      AND (NEW.approved_idx IS NOT OLD.approved_idx OR NEW.approved_at IS NOT OLD.approved_at))
    OR NEW.pins <> OLD.pins OR NEW.digest <> OLD.digest OR NEW.submitted_idx IS NOT OLD.submitted_idx
    OR NEW.publish_at IS NOT OLD.publish_at OR NEW.expires_at IS NOT OLD.expires_at
    OR NEW.state = 'draft' OR (OLD.state <> 'in_review' AND NEW.state <> OLD.state)
    OR (NEW.content IS NOT OLD.content
      AND NOT (NEW.content IS NULL AND OLD.redacted_idx IS NULL AND NEW.redacted_idx IS NOT NULL))))
BEGIN SELECT RAISE(ABORT, 'r02: a frozen revision never changes'); END;
CREATE TRIGGER r02_authors_are_frozen BEFORE INSERT ON revision_authors
WHEN NOT EXISTS (SELECT 1 FROM revisions
  WHERE item_id = NEW.item_id AND revision = NEW.revision AND state = 'draft')
BEGIN SELECT RAISE(ABORT, 'r02: authors are added to drafts only'); END;
CREATE TRIGGER r03_authors_stay BEFORE DELETE ON revision_authors
BEGIN SELECT RAISE(ABORT, 'r03: an author stays an author'); END;
CREATE TRIGGER r03_authors_do_not_change BEFORE UPDATE ON revision_authors
WHEN NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r03: an author stays an author'); END;

-- R1: approved is what a review approved; only an import needs none.
CREATE TRIGGER r01_approved_by_review BEFORE UPDATE ON revisions
WHEN NEW.state = 'approved' AND OLD.state <> 'approved' AND NOT EXISTS (
  SELECT 1 FROM reviews WHERE item_id = NEW.item_id AND revision = NEW.revision
    AND digest = NEW.digest AND state = 'approved')
BEGIN SELECT RAISE(ABORT, 'r01: a revision is approved by its review'); END;
CREATE TRIGGER r01_not_born_approved BEFORE INSERT ON revisions
WHEN NEW.state = 'approved' AND NOT (NEW.imported AND NEW.revision = 1 AND EXISTS (
  SELECT 1 FROM items WHERE id = NEW.item_id AND kind = 'disclaimer'))
BEGIN SELECT RAISE(ABORT, 'r01: only an imported disclaimer is approved without a review'); END;

-- R3: nobody decides on words they wrote. R5: no decision after the review closed.
CREATE TRIGGER r03_authors_do_not_decide BEFORE INSERT ON decisions
WHEN EXISTS (SELECT 1 FROM revision_authors
  WHERE item_id = NEW.item_id AND revision = NEW.revision AND person_id = NEW.person_id)
BEGIN SELECT RAISE(ABORT, 'r03: an author does not decide'); END;
CREATE TRIGGER r05_decisions_need_an_open_review BEFORE INSERT ON decisions
WHEN NOT EXISTS (SELECT 1 FROM reviews WHERE id = NEW.review_id AND item_id = NEW.item_id
  AND revision = NEW.revision AND digest = NEW.digest AND state = 'open')
BEGIN SELECT RAISE(ABORT, 'r05: the review is closed'); END;
-- R8: decisions that were cast stay.
CREATE TRIGGER r08_decisions_stay BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'r08: a decision is never deleted'); END;
CREATE TRIGGER r08_decisions_do_not_change BEFORE UPDATE ON decisions
WHEN NEW.review_id <> OLD.review_id OR NEW.stage <> OLD.stage OR NEW.decision <> OLD.decision
  OR NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision OR NEW.digest <> OLD.digest
  OR NEW.client_id IS NOT OLD.client_id OR NEW.reason IS NOT OLD.reason OR NEW.decided_at <> OLD.decided_at OR NEW.idx <> OLD.idx
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r08: a decision never changes'); END;
-- R8: a review keeps the stages it began with, and its outcome.
CREATE TRIGGER r08_reviews_stay BEFORE DELETE ON reviews
BEGIN SELECT RAISE(ABORT, 'r08: a review is never deleted'); END;
CREATE TRIGGER r08_reviews_keep_their_stages BEFORE UPDATE ON reviews
WHEN NEW.id <> OLD.id OR NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision
  OR NEW.digest <> OLD.digest OR NEW.workflow_id <> OLD.workflow_id OR NEW.stages <> OLD.stages
  OR NEW.comment_room <> OLD.comment_room OR NEW.opened_at <> OLD.opened_at
  OR (OLD.state <> 'open' AND (NEW.state <> OLD.state OR NEW.closed_at IS NOT OLD.closed_at))
  OR (NEW.opened_by IS NOT OLD.opened_by AND NEW.opened_by IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r08: a review keeps its stages and its outcome'); END;

-- R7, R17: what was stopped stays stopped on record.
CREATE TRIGGER r07_endings_stay BEFORE DELETE ON endings
BEGIN SELECT RAISE(ABORT, 'r07: a recall or retirement is never deleted'); END;
CREATE TRIGGER r07_endings_do_not_change BEFORE UPDATE ON endings
WHEN NEW.id <> OLD.id OR NEW.item_id <> OLD.item_id OR NEW.ending <> OLD.ending OR NEW.reason <> OLD.reason
  OR NEW.ended_at <> OLD.ended_at OR NEW.idx <> OLD.idx
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r07: a recall or retirement never changes'); END;
CREATE TRIGGER r17_freezes_stay BEFORE DELETE ON freezes
BEGIN SELECT RAISE(ABORT, 'r17: a freeze is never deleted'); END;
CREATE TRIGGER r17_freezes_only_end BEFORE UPDATE ON freezes
WHEN NEW.id <> OLD.id OR NEW.channel IS NOT OLD.channel OR NEW.reason <> OLD.reason
  OR NEW.from_at <> OLD.from_at OR NEW.until_at <> OLD.until_at OR NEW.idx <> OLD.idx
  OR (OLD.ended_idx IS NOT NULL AND (NEW.ended_idx IS NOT OLD.ended_idx OR NEW.ended_at IS NOT OLD.ended_at))
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r17: a freeze only ends'); END;

-- R21: a share relies on an approval that stands before it in the record.
CREATE TRIGGER r21_shares_follow_an_approval BEFORE INSERT ON shares
WHEN NOT EXISTS (SELECT 1 FROM revisions WHERE item_id = NEW.item_id AND revision = NEW.revision
  AND digest = NEW.digest AND state = 'approved' AND approved_idx < NEW.idx)
BEGIN SELECT RAISE(ABORT, 'r21: a share follows the approval it relies on'); END;
-- R15: what was handed over stays as it was.
CREATE TRIGGER r15_shares_stay BEFORE DELETE ON shares
BEGIN SELECT RAISE(ABORT, 'r15: a share is never deleted'); END;
CREATE TRIGGER r15_shares_do_not_change BEFORE UPDATE ON shares
WHEN NEW.id <> OLD.id OR NEW.idx <> OLD.idx OR NEW.revision <> OLD.revision OR NEW.digest <> OLD.digest
  OR NEW.item_id <> OLD.item_id OR NEW.kind <> OLD.kind OR NEW.client_id IS NOT OLD.client_id
  OR NEW.language <> OLD.language OR NEW.copy_id <> OLD.copy_id OR NEW.headline IS NOT OLD.headline
  OR (NEW.link IS NOT OLD.link AND NEW.link IS NOT NULL) OR NEW.intent_template IS NOT OLD.intent_template
  OR NEW.delivery <> OLD.delivery OR NEW.must_paste <> OLD.must_paste
  OR NEW.channel <> OLD.channel OR NEW.parts <> OLD.parts OR NEW.disclaimers <> OLD.disclaimers
  OR NEW.rules_digest <> OLD.rules_digest OR NEW.issued_at <> OLD.issued_at
  OR NEW.lapses_at <> OLD.lapses_at OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r15: a share never changes but for its state'); END;
-- R15: what was reported of a share stays.
CREATE TRIGGER r15_outcomes_stay BEFORE DELETE ON share_outcomes
BEGIN SELECT RAISE(ABORT, 'r15: an outcome is never deleted'); END;
CREATE TRIGGER r15_outcomes_do_not_change BEFORE UPDATE ON share_outcomes
BEGIN SELECT RAISE(ABORT, 'r15: an outcome never changes'); END;

-- R8: what held when is closed, never overwritten.
CREATE TRIGGER r08_person_activities_stay BEFORE DELETE ON person_activities
BEGIN SELECT RAISE(ABORT, 'r08: what held is never deleted'); END;
CREATE TRIGGER r08_person_activities_only_end BEFORE UPDATE ON person_activities
WHEN NEW.id <> OLD.id OR NEW.person_id <> OLD.person_id OR NEW.from_at <> OLD.from_at
  OR OLD.until_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'r08: what held only ends'); END;
CREATE TRIGGER r08_person_roles_stay BEFORE DELETE ON person_roles
BEGIN SELECT RAISE(ABORT, 'r08: what held is never deleted'); END;
CREATE TRIGGER r08_person_roles_only_end BEFORE UPDATE ON person_roles
WHEN NEW.id <> OLD.id OR NEW.person_id <> OLD.person_id OR NEW.role <> OLD.role OR NEW.from_at <> OLD.from_at
  OR OLD.until_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'r08: what held only ends'); END;
CREATE TRIGGER r08_person_countries_stay BEFORE DELETE ON person_countries
BEGIN SELECT RAISE(ABORT, 'r08: what held is never deleted'); END;
CREATE TRIGGER r08_person_countries_only_end BEFORE UPDATE ON person_countries
WHEN NEW.id <> OLD.id OR NEW.person_id <> OLD.person_id OR NEW.country <> OLD.country OR NEW.from_at <> OLD.from_at
  OR OLD.until_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'r08: what held only ends'); END;
CREATE TRIGGER r08_group_members_stay BEFORE DELETE ON group_members
BEGIN SELECT RAISE(ABORT, 'r08: what held is never deleted'); END;
CREATE TRIGGER r08_group_members_only_end BEFORE UPDATE ON group_members
WHEN NEW.id <> OLD.id OR NEW.group_id <> OLD.group_id OR NEW.person_id <> OLD.person_id OR NEW.from_at <> OLD.from_at
  OR OLD.until_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'r08: what held only ends'); END;
CREATE TRIGGER r08_workflows_stay BEFORE DELETE ON workflows
BEGIN SELECT RAISE(ABORT, 'r08: what held is never deleted'); END;
CREATE TRIGGER r08_workflows_only_end BEFORE UPDATE ON workflows
WHEN NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.stages <> OLD.stages OR NEW.from_at <> OLD.from_at
  OR OLD.until_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'r08: what held only ends'); END;
