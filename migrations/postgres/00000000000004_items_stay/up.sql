-- R2: a frozen revision's document names its item's kind and key, so these never change either; an item is
-- never deleted.
CREATE FUNCTION r02_items_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r02: an item is never deleted';
END $$;
CREATE TRIGGER r02_items_stay BEFORE DELETE ON items
FOR EACH ROW EXECUTE FUNCTION r02_items_stay();
CREATE FUNCTION r02_items_keep_their_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.key IS DISTINCT FROM OLD.key
    OR NEW.created_at <> OLD.created_at OR NEW.version < OLD.version
    OR (NEW.created_by IS DISTINCT FROM OLD.created_by AND NEW.created_by IS NOT NULL) THEN
    RAISE EXCEPTION 'r02: an item keeps its kind and key';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r02_items_keep_their_names BEFORE UPDATE ON items
FOR EACH ROW EXECUTE FUNCTION r02_items_keep_their_names();
