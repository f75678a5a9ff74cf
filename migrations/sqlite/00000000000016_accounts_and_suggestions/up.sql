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

-- A post that an employee proposed. What it says is the item's own content.
CREATE TABLE post_proposals (
  id TEXT NOT NULL PRIMARY KEY,
  item_id TEXT NOT NULL UNIQUE REFERENCES items (id),
  person_id TEXT REFERENCES people (id),
  words_digest TEXT NOT NULL, -- of the proposed language and text, to tell whether they were changed since
  note BLOB, -- sealed under the person's key: their own words to the authors
  created_at INTEGER NOT NULL,
  idx INTEGER NOT NULL UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  declined_by TEXT REFERENCES people (id),
  declined_reason TEXT,
  declined_at INTEGER,
  declined_idx INTEGER UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  CHECK ((declined_at IS NULL) = (declined_reason IS NULL)),
  CHECK ((declined_at IS NULL) = (declined_idx IS NULL)),
  CHECK (declined_at IS NOT NULL OR declined_by IS NULL)
) STRICT;
CREATE INDEX post_proposals_person ON post_proposals (person_id, id);

-- R8: a proposal stays as it was made, and is declined once. An erasure takes away who it was, and their note.
CREATE TRIGGER r08_proposals_stay BEFORE DELETE ON post_proposals
BEGIN SELECT RAISE(ABORT, 'r08: a proposal is never deleted'); END;
CREATE TRIGGER r08_proposals_are_declined_once BEFORE UPDATE ON post_proposals
WHEN NEW.id <> OLD.id OR NEW.item_id <> OLD.item_id OR NEW.words_digest <> OLD.words_digest
  OR NEW.created_at <> OLD.created_at OR NEW.idx <> OLD.idx
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
  OR (NEW.note IS NOT OLD.note AND NEW.note IS NOT NULL)
  OR (OLD.declined_at IS NOT NULL AND (NEW.declined_at IS NOT OLD.declined_at
    OR NEW.declined_idx IS NOT OLD.declined_idx OR NEW.declined_reason IS NOT OLD.declined_reason
    OR (NEW.declined_by IS NOT OLD.declined_by AND NEW.declined_by IS NOT NULL)))
BEGIN SELECT RAISE(ABORT, 'r08: a proposal is only declined, and once'); END;
