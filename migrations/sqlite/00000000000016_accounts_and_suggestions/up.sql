-- Where the organisation itself speaks, and the posts that employees propose.

-- The register of official accounts -----------------------------------------------------------------

CREATE TABLE accounts (
  id TEXT NOT NULL PRIMARY KEY,
  created_at INTEGER NOT NULL
) STRICT;

-- What an account said, from when until when. An account without an open version has ended.
CREATE TABLE account_versions (
  account_id TEXT NOT NULL REFERENCES accounts (id),
  version INTEGER NOT NULL CHECK (version >= 1),
  channel TEXT NOT NULL,
  handle TEXT NOT NULL,
  folded_handle TEXT NOT NULL, -- the handle as it is looked up: in lower case, without a leading @
  handle_look TEXT NOT NULL, -- the handle as it looks: the same for handles that a reader mixes up
  url TEXT NOT NULL,
  owner_id TEXT NOT NULL REFERENCES responsibilities (id),
  purpose TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  until_at INTEGER CHECK (until_at >= from_at),
  PRIMARY KEY (account_id, version)
) STRICT;
CREATE UNIQUE INDEX account_versions_open ON account_versions (account_id) WHERE until_at IS NULL;
CREATE UNIQUE INDEX account_versions_open_handle ON account_versions (folded_handle, channel)
  WHERE until_at IS NULL;
CREATE UNIQUE INDEX account_versions_open_look ON account_versions (handle_look, channel)
  WHERE until_at IS NULL;
CREATE INDEX account_versions_open_channel ON account_versions (channel, account_id) WHERE until_at IS NULL;
CREATE INDEX account_versions_owner ON account_versions (owner_id);

-- R8: what held is closed, never overwritten.
CREATE TRIGGER r08_accounts_stay BEFORE DELETE ON accounts
BEGIN SELECT RAISE(ABORT, 'r08: an account is never deleted'); END;
CREATE TRIGGER r08_accounts_do_not_change BEFORE UPDATE ON accounts
BEGIN SELECT RAISE(ABORT, 'r08: an account changes by its versions'); END;
CREATE TRIGGER r08_account_versions_stay BEFORE DELETE ON account_versions
BEGIN SELECT RAISE(ABORT, 'r08: what held is never deleted'); END;
CREATE TRIGGER r08_account_versions_only_end BEFORE UPDATE ON account_versions
WHEN NEW.account_id <> OLD.account_id OR NEW.version <> OLD.version OR NEW.channel <> OLD.channel
  OR NEW.handle <> OLD.handle OR NEW.folded_handle <> OLD.folded_handle
  OR NEW.handle_look <> OLD.handle_look OR NEW.url <> OLD.url OR NEW.owner_id <> OLD.owner_id OR NEW.purpose <> OLD.purpose OR NEW.from_at <> OLD.from_at
  OR OLD.until_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'r08: what held only ends'); END;

-- Proposals of posts --------------------------------------------------------------------------------

-- A post that an employee proposed: their words as they were sent. What authors make of them is the item's content.
-- A closed proposal is open again once somebody submitted its post after that.
CREATE TABLE post_proposals (
  id TEXT NOT NULL PRIMARY KEY,
  item_id TEXT NOT NULL UNIQUE REFERENCES items (id),
  person_id TEXT REFERENCES people (id),
  words_digest TEXT NOT NULL, -- of the proposed language and text, to tell whether they were changed since
  words BLOB, -- JSON, sealed under the person's key: all that they proposed, and their note to the authors
  created_at INTEGER NOT NULL,
  idx INTEGER NOT NULL UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  closed_as TEXT CHECK (closed_as IN ('declined', 'withdrawn')),
  closed_at INTEGER,
  closed_idx INTEGER UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  declined_by TEXT REFERENCES people (id),
  declined_reason TEXT, -- the organisation's
  withdrawn_reason BLOB, -- sealed under the person's key
  CHECK ((closed_as IS NULL) = (closed_at IS NULL)),
  CHECK ((closed_as IS NULL) = (closed_idx IS NULL)),
  CHECK ((declined_reason IS NOT NULL) = (closed_as IS NOT NULL AND closed_as = 'declined')),
  CHECK (declined_by IS NULL OR declined_reason IS NOT NULL),
  CHECK (withdrawn_reason IS NULL OR (closed_as IS NOT NULL AND closed_as = 'withdrawn'))
) STRICT;
CREATE INDEX post_proposals_person ON post_proposals (person_id, id);

-- R8: a proposal stays as it was made. It is closed once, and once more only when its post was submitted since; the
-- record keeps each time. An erasure takes away who it was, and their words.
CREATE TRIGGER r08_proposals_stay BEFORE DELETE ON post_proposals
BEGIN SELECT RAISE(ABORT, 'r08: a proposal is never deleted'); END;
CREATE TRIGGER r08_proposals_are_only_closed BEFORE UPDATE ON post_proposals
WHEN NEW.id <> OLD.id OR NEW.item_id <> OLD.item_id OR NEW.words_digest <> OLD.words_digest
  OR NEW.created_at <> OLD.created_at OR NEW.idx <> OLD.idx
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
  OR (NEW.words IS NOT OLD.words AND NEW.words IS NOT NULL)
  OR (NEW.closed_idx IS NOT OLD.closed_idx AND OLD.closed_idx IS NOT NULL
    AND (NEW.closed_idx IS NULL OR NEW.closed_idx <= OLD.closed_idx OR NOT EXISTS (
      SELECT 1 FROM revisions WHERE item_id = OLD.item_id AND submitted_idx > OLD.closed_idx)))
  OR (NEW.closed_idx IS OLD.closed_idx AND (
    NEW.closed_as IS NOT OLD.closed_as OR NEW.closed_at IS NOT OLD.closed_at
    OR NEW.declined_reason IS NOT OLD.declined_reason
    OR (NEW.declined_by IS NOT OLD.declined_by AND NEW.declined_by IS NOT NULL)
    OR (NEW.withdrawn_reason IS NOT OLD.withdrawn_reason AND NEW.withdrawn_reason IS NOT NULL)))
BEGIN SELECT RAISE(ABORT, 'r08: a proposal is only closed, and once'); END;
