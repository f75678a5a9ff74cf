-- The time of a stage begins anew when it is given to others.

ALTER TABLE review_stages ADD COLUMN restarted_idx INTEGER -- the entry of the last reassignment while it was open
  REFERENCES record_entries (idx) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX review_stages_restarted ON review_stages (restarted_idx) WHERE restarted_idx IS NOT NULL;

-- R8: a stage keeps its dates, but for a reassignment, which is on record.
DROP TRIGGER r08_review_stages_keep_their_dates;
CREATE TRIGGER r08_review_stages_keep_their_dates BEFORE UPDATE ON review_stages
WHEN NEW.review_id <> OLD.review_id OR NEW.stage <> OLD.stage OR NEW.opened_at <> OLD.opened_at
  OR (OLD.closed_at IS NOT NULL
    AND (NEW.closed_at IS NOT OLD.closed_at OR NEW.restarted_idx IS NOT OLD.restarted_idx))
  OR (OLD.restarted_idx IS NOT NULL AND (NEW.restarted_idx IS NULL OR NEW.restarted_idx < OLD.restarted_idx))
  OR (NEW.restarted_idx IS OLD.restarted_idx
    AND (NEW.remind_at IS NOT OLD.remind_at OR NEW.due_at IS NOT OLD.due_at
      OR (OLD.reminded_at IS NOT NULL AND NEW.reminded_at IS NOT OLD.reminded_at)
      OR (OLD.overdue_at IS NOT NULL AND NEW.overdue_at IS NOT OLD.overdue_at)))
BEGIN SELECT RAISE(ABORT, 'r08: a stage keeps its dates'); END;
