-- Topics and campaigns: posts refer to them by key, and only to those that are registered here.

CREATE TABLE topics (
  key TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  audience_note TEXT,
  version BIGINT NOT NULL CHECK (version >= 1),
  created_at BIGINT NOT NULL,
  ended_at BIGINT,
  created_idx BIGINT -- the entry that registered it; NULL for what is found below, until the next start enters it
    REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX topics_created ON topics (created_idx);

-- A row is one version of a campaign; the one that says it has ended is its last.
CREATE TABLE campaigns (
  key TEXT NOT NULL,
  version BIGINT NOT NULL CHECK (version >= 1),
  name TEXT NOT NULL,
  goal TEXT,
  starts_at BIGINT,
  ends_at BIGINT CHECK (ends_at > starts_at),
  group_ids TEXT NOT NULL,
  shares_per_day BIGINT CHECK (shares_per_day >= 1),
  shares_per_person BIGINT CHECK (shares_per_person >= 1),
  ended BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  from_at BIGINT NOT NULL,
  until_at BIGINT CHECK (until_at >= from_at),
  content_version BIGINT NOT NULL, -- the content_version that this version came with
  created_idx BIGINT -- as a topic's
    REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (key, version)
);
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
CREATE OR REPLACE FUNCTION r15_shares_do_not_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.idx <> OLD.idx OR NEW.revision <> OLD.revision OR NEW.digest <> OLD.digest
    OR NEW.item_id <> OLD.item_id OR NEW.kind <> OLD.kind OR NEW.client_id IS DISTINCT FROM OLD.client_id
    OR NEW.language <> OLD.language OR NEW.copy_id <> OLD.copy_id OR NEW.headline IS DISTINCT FROM OLD.headline
    OR (NEW.link IS DISTINCT FROM OLD.link AND NEW.link IS NOT NULL) OR NEW.intent_template IS DISTINCT FROM OLD.intent_template
    OR NEW.delivery <> OLD.delivery OR NEW.must_paste <> OLD.must_paste
    OR NEW.channel <> OLD.channel OR NEW.parts <> OLD.parts OR NEW.disclaimers <> OLD.disclaimers
    OR NEW.images <> OLD.images OR NEW.campaign IS DISTINCT FROM OLD.campaign
    OR NEW.rules_digest <> OLD.rules_digest OR NEW.issued_at <> OLD.issued_at
    OR NEW.lapses_at <> OLD.lapses_at OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL) THEN
    RAISE EXCEPTION 'r15: a share never changes but for its state';
  END IF;
  RETURN NEW;
END $$;
-- R8: what a campaign said stays, and what has ended begins no more.
CREATE FUNCTION r08_campaigns_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r08: a campaign is never deleted';
END $$;
CREATE TRIGGER r08_campaigns_stay BEFORE DELETE ON campaigns
FOR EACH ROW EXECUTE FUNCTION r08_campaigns_stay();
CREATE FUNCTION r08_campaigns_only_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.key <> OLD.key OR NEW.version <> OLD.version OR NEW.name <> OLD.name OR NEW.goal IS DISTINCT FROM OLD.goal
    OR NEW.starts_at IS DISTINCT FROM OLD.starts_at OR NEW.ends_at IS DISTINCT FROM OLD.ends_at
    OR NEW.group_ids <> OLD.group_ids OR NEW.shares_per_day IS DISTINCT FROM OLD.shares_per_day
    OR NEW.shares_per_person IS DISTINCT FROM OLD.shares_per_person
    OR NEW.ended <> OLD.ended OR NEW.created_at <> OLD.created_at OR NEW.from_at <> OLD.from_at
    OR NEW.content_version <> OLD.content_version OR OLD.until_at IS NOT NULL
    OR (OLD.created_idx IS NOT NULL AND NEW.created_idx IS DISTINCT FROM OLD.created_idx) THEN
    RAISE EXCEPTION 'r08: a version of a campaign only ends';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r08_campaigns_only_end BEFORE UPDATE ON campaigns
FOR EACH ROW EXECUTE FUNCTION r08_campaigns_only_end();
CREATE FUNCTION r08_campaigns_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM campaigns WHERE key = NEW.key AND ended) THEN
    RAISE EXCEPTION 'r08: a campaign that has ended begins no more';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r08_campaigns_end_once BEFORE INSERT ON campaigns
FOR EACH ROW EXECUTE FUNCTION r08_campaigns_end_once();
CREATE FUNCTION r08_topics_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r08: a topic is never deleted';
END $$;
CREATE TRIGGER r08_topics_stay BEFORE DELETE ON topics
FOR EACH ROW EXECUTE FUNCTION r08_topics_stay();
CREATE FUNCTION r08_topics_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.key <> OLD.key OR NEW.created_at <> OLD.created_at OR OLD.ended_at IS NOT NULL
    OR (OLD.created_idx IS NOT NULL AND NEW.created_idx IS DISTINCT FROM OLD.created_idx) THEN
    RAISE EXCEPTION 'r08: a topic keeps its key, and ends once';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r08_topics_end_once BEFORE UPDATE ON topics
FOR EACH ROW EXECUTE FUNCTION r08_topics_end_once();

-- What is named already is registered, with its key as its name: by posts, and by what looks at posts.
INSERT INTO topics (key, name, version, created_at)
SELECT named, named, 1, (SELECT updated_at FROM record_state) FROM (
  SELECT json_array_elements_text(r.content::json #> '{topics}') AS named FROM revisions r
    WHERE json_typeof(r.content::json #> '{topics}') = 'array'
  UNION SELECT json_array_elements_text(r.content::json #> '{required_when,topics}') FROM revisions r
    WHERE json_typeof(r.content::json #> '{required_when,topics}') = 'array'
  UNION SELECT json_array_elements_text(r.content::json #> '{required_for,topics}') FROM revisions r
    WHERE json_typeof(r.content::json #> '{required_for,topics}') = 'array'
  UNION SELECT json_array_elements_text(r.content::json #> '{condition,required_wording,topics}') FROM revisions r
    WHERE json_typeof(r.content::json #> '{condition,required_wording,topics}') = 'array'
  UNION SELECT json_array_elements_text(w.conditions::json #> '{topics}') FROM workflows w
    WHERE json_typeof(w.conditions::json #> '{topics}') = 'array') AS found
WHERE named ~ '^[a-z0-9][a-z0-9-]{0,63}$';

INSERT INTO campaigns (key, version, name, group_ids, ended, created_at, from_at, content_version)
SELECT named, 1, named, '[]', FALSE, (SELECT updated_at FROM record_state), (SELECT updated_at FROM record_state), 1 FROM (
  SELECT r.campaign AS named FROM revisions r WHERE r.campaign IS NOT NULL
  UNION SELECT json_array_elements_text(r.content::json #> '{required_when,campaigns}') FROM revisions r
    WHERE json_typeof(r.content::json #> '{required_when,campaigns}') = 'array'
  UNION SELECT json_array_elements_text(r.content::json #> '{required_for,campaigns}') FROM revisions r
    WHERE json_typeof(r.content::json #> '{required_for,campaigns}') = 'array'
  UNION SELECT json_array_elements_text(w.conditions::json #> '{campaigns}') FROM workflows w
    WHERE json_typeof(w.conditions::json #> '{campaigns}') = 'array') AS found
WHERE named ~ '^[a-z0-9][a-z0-9-]{0,63}$';
