-- A recheck looks at what is under review too, commits to the posts that it found, and says who withdrew it and why.

ALTER TABLE rechecks ADD COLUMN posts_in_review INTEGER NOT NULL DEFAULT 0; -- of its posts, those that were only under review
ALTER TABLE rechecks ADD COLUMN posts_digest TEXT; -- of the list of its posts; NULL of those from before
ALTER TABLE rechecks ADD COLUMN withdrawn_by TEXT REFERENCES people (id);
ALTER TABLE rechecks ADD COLUMN withdrawal_reason TEXT;
CREATE INDEX rechecks_withdrawn_by ON rechecks (withdrawn_by);
-- Whoever approves asks for those that came after a submission.
CREATE INDEX rechecks_in_force ON rechecks (idx) WHERE content_version IS NOT NULL AND ended_at IS NULL;

DROP TRIGGER r12_rechecks_take_effect_once;
CREATE TRIGGER r12_rechecks_take_effect_once BEFORE UPDATE ON rechecks
WHEN NEW.id <> OLD.id OR NEW.item_id <> OLD.item_id OR NEW.revision <> OLD.revision OR NEW.digest <> OLD.digest
  OR NEW.action <> OLD.action OR NEW.reason IS NOT OLD.reason OR NEW.begun_at <> OLD.begun_at
  OR (NEW.person_id IS NOT OLD.person_id AND NEW.person_id IS NOT NULL)
  OR (OLD.idx IS NOT NULL AND (NEW.idx IS NOT OLD.idx OR NEW.rechecked_at IS NOT OLD.rechecked_at
    OR NEW.posts IS NOT OLD.posts OR NEW.posts_in_review <> OLD.posts_in_review
    OR NEW.posts_digest IS NOT OLD.posts_digest
    OR (NEW.content_version IS NOT OLD.content_version AND NEW.ended_idx IS NULL)))
  OR (OLD.ended_idx IS NOT NULL AND (NEW.ended_idx IS NOT OLD.ended_idx OR NEW.ended_at IS NOT OLD.ended_at
    OR NEW.content_version IS NOT OLD.content_version OR NEW.withdrawal_reason IS NOT OLD.withdrawal_reason
    OR (NEW.withdrawn_by IS NOT OLD.withdrawn_by AND NEW.withdrawn_by IS NOT NULL)))
  OR (NEW.ended_idx IS NULL AND (NEW.withdrawn_by IS NOT NULL OR NEW.withdrawal_reason IS NOT NULL))
  OR (OLD.idx IS NULL AND NEW.idx IS NOT NULL
    AND NEW.posts <> (SELECT count(*) FROM recheck_posts WHERE recheck_id = NEW.id))
BEGIN SELECT RAISE(ABORT, 'r12: a recheck takes effect once, with its posts'); END;

-- Whether proposed words were changed is told from the words themselves, while they can be opened: a digest of them
-- that nobody's key protects would let them be guessed after an erasure (R22).
DROP TRIGGER r08_proposals_are_only_closed;
ALTER TABLE post_proposals DROP COLUMN words_digest;
CREATE TRIGGER r08_proposals_are_only_closed BEFORE UPDATE ON post_proposals
WHEN NEW.id <> OLD.id OR NEW.item_id <> OLD.item_id
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
