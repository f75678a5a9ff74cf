-- Topics and campaigns: posts refer to them by key, and only to those that are registered here.

CREATE TABLE topics (
  key TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  audience_note TEXT,
  version INTEGER NOT NULL CHECK (version >= 1),
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  created_idx INTEGER -- the entry that registered it; NULL for what is found below, until the next start enters it
    REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX topics_created ON topics (created_idx);

-- A row is one version of a campaign; the one that says it has ended is its last.
CREATE TABLE campaigns (
  key TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  name TEXT NOT NULL,
  goal TEXT,
  starts_at INTEGER,
  ends_at INTEGER CHECK (ends_at > starts_at),
  group_ids TEXT NOT NULL,
  shares_per_day INTEGER CHECK (shares_per_day >= 1),
  shares_per_person INTEGER CHECK (shares_per_person >= 1),
  ended INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  from_at INTEGER NOT NULL,
  until_at INTEGER CHECK (until_at >= from_at),
  content_version INTEGER NOT NULL, -- the content_version that this version came with
  created_idx INTEGER -- as a topic's
    REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (key, version)
) STRICT;
CREATE UNIQUE INDEX campaigns_open ON campaigns (key) WHERE until_at IS NULL;
CREATE INDEX campaigns_created ON campaigns (created_idx);
CREATE INDEX campaigns_content_version ON campaigns (content_version);

-- Which campaign a share belongs to: limits count the shares of a day, so those of the last day are told too.
ALTER TABLE shares ADD COLUMN campaign TEXT;
UPDATE shares SET campaign = (
  SELECT r.campaign FROM revisions r WHERE r.item_id = shares.item_id AND r.revision = shares.revision)
WHERE issued_at > (SELECT updated_at FROM record_state) - 86400000000;
CREATE INDEX shares_campaign ON shares (campaign, state, issued_at, lapses_at) WHERE campaign IS NOT NULL;
CREATE INDEX shares_campaign_person ON shares (campaign, person_id, state, issued_at, lapses_at)
  WHERE campaign IS NOT NULL;

-- R15: what was handed over stays as it was.
DROP TRIGGER r15_shares_do_not_change;
CREATE TRIGGER r15_shares_do_not_change BEFORE UPDATE ON shares
WHEN NEW.id <> OLD.id OR NEW.idx <> OLD.idx OR NEW.revision <> OLD.revision OR NEW.digest <> OLD.digest
  OR NEW.item_id <> OLD.item_id OR NEW.kind <> OLD.kind OR NEW.client_id IS NOT OLD.client_id
  OR NEW.language <> OLD.language OR NEW.copy_id <> OLD.copy_id OR NEW.headline IS NOT OLD.headline
  OR (NEW.link IS NOT OLD.link AND NEW.link IS NOT NULL) OR NEW.intent_template IS NOT OLD.intent_template
  OR NEW.delivery <> OLD.delivery OR NEW.must_paste <> OLD.must_paste
  OR NEW.channel <> OLD.channel OR NEW.parts <> OLD.parts OR NEW.disclaimers <> OLD.disclaimers
  OR NEW.images <> OLD.images OR NEW.campaign IS NOT OLD.campaign
  OR NEW.rules_digest <> OLD.rules_digest OR NEW.issued_at <> OLD.issued_at
  OR NEW.lapses_at <> OLD.lapses_at OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r15: a share never changes but for its state'); END;
-- R8: what a campaign said stays, and what has ended begins no more.
CREATE TRIGGER r08_campaigns_stay BEFORE DELETE ON campaigns
BEGIN SELECT RAISE(ABORT, 'r08: a campaign is never deleted'); END;
CREATE TRIGGER r08_campaigns_only_end BEFORE UPDATE ON campaigns
WHEN NEW.key <> OLD.key OR NEW.version <> OLD.version OR NEW.name <> OLD.name OR NEW.goal IS NOT OLD.goal
  OR NEW.starts_at IS NOT OLD.starts_at OR NEW.ends_at IS NOT OLD.ends_at OR NEW.group_ids <> OLD.group_ids
  OR NEW.shares_per_day IS NOT OLD.shares_per_day OR NEW.shares_per_person IS NOT OLD.shares_per_person
  OR NEW.ended <> OLD.ended OR NEW.created_at <> OLD.created_at OR NEW.from_at <> OLD.from_at
  OR NEW.content_version <> OLD.content_version OR OLD.until_at IS NOT NULL
  OR (OLD.created_idx IS NOT NULL AND NEW.created_idx IS NOT OLD.created_idx)
BEGIN SELECT RAISE(ABORT, 'r08: a version of a campaign only ends'); END;
CREATE TRIGGER r08_campaigns_end_once BEFORE INSERT ON campaigns
WHEN EXISTS (SELECT 1 FROM campaigns WHERE key = NEW.key AND ended = 1)
BEGIN SELECT RAISE(ABORT, 'r08: a campaign that has ended begins no more'); END;
CREATE TRIGGER r08_topics_stay BEFORE DELETE ON topics
BEGIN SELECT RAISE(ABORT, 'r08: a topic is never deleted'); END;
CREATE TRIGGER r08_topics_end_once BEFORE UPDATE ON topics
WHEN NEW.key <> OLD.key OR NEW.created_at <> OLD.created_at OR OLD.ended_at IS NOT NULL
  OR (OLD.created_idx IS NOT NULL AND NEW.created_idx IS NOT OLD.created_idx)
BEGIN SELECT RAISE(ABORT, 'r08: a topic keeps its key, and ends once'); END;

-- What is named already is registered, with its key as its name: by posts, and by what looks at posts.
INSERT INTO topics (key, name, version, created_at)
SELECT named, named, 1, (SELECT updated_at FROM record_state) FROM (
  SELECT t.value AS named FROM revisions r, json_each(r.content, '$.topics') t WHERE r.content IS NOT NULL
  UNION SELECT t.value FROM revisions r, json_each(r.content, '$.required_when.topics') t WHERE r.content IS NOT NULL
  UNION SELECT t.value FROM revisions r, json_each(r.content, '$.required_for.topics') t WHERE r.content IS NOT NULL
  UNION SELECT t.value FROM revisions r, json_each(r.content, '$.condition.required_wording.topics') t
    WHERE r.content IS NOT NULL
  UNION SELECT t.value FROM workflows w, json_each(w.conditions, '$.topics') t)
WHERE named GLOB '[a-z0-9]*' AND named NOT GLOB '*[^a-z0-9-]*' AND length(named) <= 64;

INSERT INTO campaigns (key, version, name, group_ids, ended, created_at, from_at, content_version)
SELECT named, 1, named, '[]', 0, (SELECT updated_at FROM record_state), (SELECT updated_at FROM record_state), 1 FROM (
  SELECT r.campaign AS named FROM revisions r WHERE r.campaign IS NOT NULL
  UNION SELECT t.value FROM revisions r, json_each(r.content, '$.required_when.campaigns') t
    WHERE r.content IS NOT NULL
  UNION SELECT t.value FROM revisions r, json_each(r.content, '$.required_for.campaigns') t WHERE r.content IS NOT NULL
  UNION SELECT t.value FROM workflows w, json_each(w.conditions, '$.campaigns') t)
WHERE named GLOB '[a-z0-9]*' AND named NOT GLOB '*[^a-z0-9-]*' AND length(named) <= 64;
