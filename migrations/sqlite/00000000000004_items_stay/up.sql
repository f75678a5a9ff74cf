-- R2: a frozen revision's document names its item's kind and key, so these never change either; an item is
-- never deleted.
CREATE TRIGGER r02_items_stay BEFORE DELETE ON items
BEGIN SELECT RAISE(ABORT, 'r02: an item is never deleted'); END;
CREATE TRIGGER r02_items_keep_their_names BEFORE UPDATE ON items
WHEN NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.key IS NOT OLD.key OR NEW.created_at <> OLD.created_at
  OR NEW.version < OLD.version
  OR (NEW.created_by IS NOT OLD.created_by AND NEW.created_by IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'r02: an item keeps its kind and key'); END;
