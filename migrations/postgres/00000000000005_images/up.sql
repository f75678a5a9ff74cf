-- Images: the files of pictures, and the images of shares.

-- Which files of pictures there are, by item and the SHA-256 of their bytes; the bytes are in the store of
-- images. Whoever removes a file's bytes says so here first, under the lock, so that nothing relies on it any more.
CREATE TABLE image_files (
  item_id text NOT NULL REFERENCES items (id),
  sha256 text NOT NULL CHECK (length(sha256) = 64),
  media_type text NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png')),
  bytes bigint NOT NULL CHECK (bytes > 0),
  dropped_at bigint, -- since when no revision names it
  removing_at bigint, -- since when its bytes are being removed
  PRIMARY KEY (item_id, sha256)
);
CREATE INDEX image_files_dropped ON image_files (dropped_at) WHERE dropped_at IS NOT NULL;
CREATE INDEX image_files_removing ON image_files (item_id, sha256) WHERE removing_at IS NOT NULL;

-- What ends soon.
CREATE INDEX revisions_expires ON revisions (expires_at, item_id) WHERE expires_at IS NOT NULL;

-- Which images went with a share, and which file of each: never their words, which a redaction takes away.
ALTER TABLE shares ADD COLUMN images text NOT NULL DEFAULT '[]';

-- R15: what was handed over stays as it was, its images too.
CREATE OR REPLACE FUNCTION r15_shares_do_not_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.idx <> OLD.idx OR NEW.revision <> OLD.revision OR NEW.digest <> OLD.digest
    OR NEW.item_id <> OLD.item_id OR NEW.kind <> OLD.kind OR NEW.client_id IS DISTINCT FROM OLD.client_id
    OR NEW.language <> OLD.language OR NEW.copy_id <> OLD.copy_id OR NEW.headline IS DISTINCT FROM OLD.headline
    OR (NEW.link IS DISTINCT FROM OLD.link AND NEW.link IS NOT NULL) OR NEW.intent_template IS DISTINCT FROM OLD.intent_template
    OR NEW.delivery <> OLD.delivery OR NEW.must_paste <> OLD.must_paste
    OR NEW.channel <> OLD.channel OR NEW.parts <> OLD.parts OR NEW.disclaimers <> OLD.disclaimers
    OR NEW.images <> OLD.images
    OR NEW.rules_digest <> OLD.rules_digest OR NEW.issued_at <> OLD.issued_at
    OR NEW.lapses_at <> OLD.lapses_at OR (NEW.person_id IS DISTINCT FROM OLD.person_id AND NEW.person_id IS NOT NULL) THEN
    RAISE EXCEPTION 'r15: a share never changes but for its state';
  END IF;
  RETURN NEW;
END $$;

-- When a revision was redacted.
ALTER TABLE revisions ADD COLUMN redacted_at bigint;

-- R2: what was redacted stays so, and says when and by which entry.
CREATE FUNCTION r02_redactions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.redacted_idx IS NOT NULL
    AND (NEW.redacted_idx IS DISTINCT FROM OLD.redacted_idx
      OR NEW.redacted_at IS DISTINCT FROM OLD.redacted_at OR NEW.content IS NOT NULL) THEN
    RAISE EXCEPTION 'r02: a redaction stays';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r02_redactions_stay BEFORE UPDATE ON revisions
FOR EACH ROW EXECUTE FUNCTION r02_redactions_stay();
