-- Images: the files of pictures, and the images of shares.

-- Which files of pictures there are, by item and the SHA-256 of their bytes; the bytes are in the store of
-- images. Whoever removes a file's bytes says so here first, under the lock, so that nothing relies on it any more.
CREATE TABLE image_files (
  item_id TEXT NOT NULL REFERENCES items (id),
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  media_type TEXT NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png')),
  bytes INTEGER NOT NULL CHECK (bytes > 0),
  dropped_at INTEGER, -- since when no revision names it
  removing_at INTEGER, -- since when its bytes are being removed
  PRIMARY KEY (item_id, sha256)
) STRICT;
CREATE INDEX image_files_dropped ON image_files (dropped_at) WHERE dropped_at IS NOT NULL;
CREATE INDEX image_files_removing ON image_files (item_id, sha256) WHERE removing_at IS NOT NULL;

-- What ends soon.
CREATE INDEX revisions_expires ON revisions (expires_at, item_id) WHERE expires_at IS NOT NULL;

-- Which images went with a share, and which file of each: never their words, which a redaction takes away.
ALTER TABLE shares ADD COLUMN images TEXT NOT NULL DEFAULT '[]';

-- R15: what was handed over stays as it was, its images too.
DROP TRIGGER r15_shares_do_not_change;
CREATE TRIGGER r15_shares_do_not_change BEFORE UPDATE ON shares
WHEN NEW.id <> OLD.id OR NEW.idx <> OLD.idx OR NEW.revision <> OLD.revision OR NEW.digest <> OLD.digest
  OR NEW.item_id <> OLD.item_id OR NEW.kind <> OLD.kind OR NEW.client_id IS NOT OLD.client_id
  OR NEW.language <> OLD.language OR NEW.copy_id <> OLD.copy_id OR NEW.headline IS NOT OLD.headline
  OR (NEW.link IS NOT OLD.link AND NEW.link IS NOT NULL) OR NEW.intent_template IS NOT OLD.intent_template
  OR NEW.delivery <> OLD.delivery OR NEW.must_paste <> OLD.must_paste
  OR NEW.channel <> OLD.channel OR NEW.parts <> OLD.parts OR NEW.disclaimers <> OLD.disclaimers
  OR NEW.images <> OLD.images
  OR NEW.rules_digest <> OLD.rules_digest OR NEW.issued_at <> OLD.issued_at
  OR NEW.lapses_at <> OLD.lapses_at OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r15: a share never changes but for its state'); END;

-- When a revision was redacted.
ALTER TABLE revisions ADD COLUMN redacted_at INTEGER;

-- R2: what was redacted stays so, and says when and by which entry.
CREATE TRIGGER r02_redactions_stay BEFORE UPDATE ON revisions
WHEN OLD.redacted_idx IS NOT NULL AND (NEW.redacted_idx IS NOT OLD.redacted_idx
  OR NEW.redacted_at IS NOT OLD.redacted_at OR NEW.content IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r02: a redaction stays'); END;
