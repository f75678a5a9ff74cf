-- Where the organisation itself speaks, and the posts that employees propose.

-- The register of official accounts -----------------------------------------------------------------

CREATE TABLE accounts (
  id text NOT NULL PRIMARY KEY,
  created_at bigint NOT NULL
);

-- What an account said, from when until when. An account without an open version has ended.
CREATE TABLE account_versions (
  account_id text NOT NULL REFERENCES accounts (id),
  version bigint NOT NULL CHECK (version >= 1),
  channel text NOT NULL,
  handle text NOT NULL,
  folded_handle text NOT NULL, -- the handle as it is looked up: in lower case, without a leading @
  handle_look text NOT NULL, -- the handle as it looks: the same for handles that a reader mixes up
  url text NOT NULL,
  owner_id text NOT NULL REFERENCES responsibilities (id),
  purpose text NOT NULL,
  from_at bigint NOT NULL,
  until_at bigint CHECK (until_at >= from_at),
  PRIMARY KEY (account_id, version)
);
CREATE UNIQUE INDEX account_versions_open ON account_versions (account_id) WHERE until_at IS NULL;
CREATE UNIQUE INDEX account_versions_open_handle ON account_versions (folded_handle, channel)
  WHERE until_at IS NULL;
CREATE UNIQUE INDEX account_versions_open_look ON account_versions (handle_look, channel)
  WHERE until_at IS NULL;
CREATE INDEX account_versions_open_channel ON account_versions (channel, account_id) WHERE until_at IS NULL;
CREATE INDEX account_versions_owner ON account_versions (owner_id);

-- R8: what held is closed, never overwritten.
CREATE FUNCTION r08_accounts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r08: an account is never deleted';
END $$;
CREATE TRIGGER r08_accounts_stay BEFORE DELETE ON accounts
FOR EACH ROW EXECUTE FUNCTION r08_accounts_stay();
CREATE FUNCTION r08_accounts_do_not_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r08: an account changes by its versions';
END $$;
CREATE TRIGGER r08_accounts_do_not_change BEFORE UPDATE ON accounts
FOR EACH ROW EXECUTE FUNCTION r08_accounts_do_not_change();
CREATE FUNCTION r08_account_versions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r08: what held is never deleted';
END $$;
CREATE TRIGGER r08_account_versions_stay BEFORE DELETE ON account_versions
FOR EACH ROW EXECUTE FUNCTION r08_account_versions_stay();
CREATE FUNCTION r08_account_versions_only_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.account_id <> OLD.account_id OR NEW.version <> OLD.version OR NEW.channel <> OLD.channel
    OR NEW.handle <> OLD.handle OR NEW.folded_handle <> OLD.folded_handle
    OR NEW.handle_look <> OLD.handle_look OR NEW.url <> OLD.url OR NEW.owner_id <> OLD.owner_id OR NEW.purpose <> OLD.purpose OR NEW.from_at <> OLD.from_at
    OR OLD.until_at IS NOT NULL THEN
    RAISE EXCEPTION 'r08: what held only ends';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r08_account_versions_only_end BEFORE UPDATE ON account_versions
FOR EACH ROW EXECUTE FUNCTION r08_account_versions_only_end();

-- Proposals of posts --------------------------------------------------------------------------------

-- A post that an employee proposed: their words as they were sent. What authors make of them is the item's content.
-- A closed proposal is open again once somebody submitted its post after that.
CREATE TABLE post_proposals (
  id text NOT NULL PRIMARY KEY,
  item_id text NOT NULL UNIQUE REFERENCES items (id),
  person_id text REFERENCES people (id),
  words_digest text NOT NULL, -- of the proposed language and text, to tell whether they were changed since
  words bytea, -- JSON, sealed under the person's key: all that they proposed, and their note to the authors
  created_at bigint NOT NULL,
  idx bigint NOT NULL UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  closed_as text CHECK (closed_as IN ('declined', 'withdrawn')),
  closed_at bigint,
  closed_idx bigint UNIQUE REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  declined_by text REFERENCES people (id),
  declined_reason text, -- the organisation's
  withdrawn_reason bytea, -- sealed under the person's key
  CHECK ((closed_as IS NULL) = (closed_at IS NULL)),
  CHECK ((closed_as IS NULL) = (closed_idx IS NULL)),
  CHECK ((declined_reason IS NOT NULL) = (closed_as IS NOT NULL AND closed_as = 'declined')),
  CHECK (declined_by IS NULL OR declined_reason IS NOT NULL),
  CHECK (withdrawn_reason IS NULL OR (closed_as IS NOT NULL AND closed_as = 'withdrawn'))
);
CREATE INDEX post_proposals_person ON post_proposals (person_id, id);

-- R8: a proposal stays as it was made. It is closed once, and once more only when its post was submitted since; the
-- record keeps each time. An erasure takes away who it was, and their words.
CREATE FUNCTION r08_proposals_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r08: a proposal is never deleted';
END $$;
CREATE TRIGGER r08_proposals_stay BEFORE DELETE ON post_proposals
FOR EACH ROW EXECUTE FUNCTION r08_proposals_stay();
CREATE FUNCTION r08_proposals_are_only_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.item_id <> OLD.item_id OR NEW.words_digest <> OLD.words_digest
    OR NEW.created_at <> OLD.created_at OR NEW.idx <> OLD.idx
    OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL)
    OR (NEW.words IS DISTINCT FROM OLD.words AND NEW.words IS NOT NULL)
    OR (NEW.closed_idx IS DISTINCT FROM OLD.closed_idx AND OLD.closed_idx IS NOT NULL
      AND (NEW.closed_idx IS NULL OR NEW.closed_idx <= OLD.closed_idx OR NOT EXISTS (
        SELECT 1 FROM revisions WHERE item_id = OLD.item_id AND submitted_idx > OLD.closed_idx)))
    OR (NEW.closed_idx IS NOT DISTINCT FROM OLD.closed_idx AND (
      NEW.closed_as IS DISTINCT FROM OLD.closed_as OR NEW.closed_at IS DISTINCT FROM OLD.closed_at
      OR NEW.declined_reason IS DISTINCT FROM OLD.declined_reason
      OR (NEW.declined_by IS DISTINCT FROM OLD.declined_by AND NEW.declined_by IS NOT NULL)
      OR (NEW.withdrawn_reason IS DISTINCT FROM OLD.withdrawn_reason AND NEW.withdrawn_reason IS NOT NULL))) THEN
    RAISE EXCEPTION 'r08: a proposal is only closed, and once';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r08_proposals_are_only_closed BEFORE UPDATE ON post_proposals
FOR EACH ROW EXECUTE FUNCTION r08_proposals_are_only_closed();
