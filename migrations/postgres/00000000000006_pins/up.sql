-- What frozen revisions pin, as rows beside the document in `revisions.pins`: so that the list of what
-- pins an item is read from an index.
CREATE TABLE revision_pins (
  item_id TEXT NOT NULL,
  revision BIGINT NOT NULL,
  pinned_id TEXT NOT NULL,
  pinned_revision BIGINT NOT NULL,
  PRIMARY KEY (item_id, revision, pinned_id, pinned_revision),
  FOREIGN KEY (item_id, revision) REFERENCES revisions (item_id, revision),
  FOREIGN KEY (pinned_id, pinned_revision) REFERENCES revisions (item_id, revision)
);
-- With all columns, so that neither the filter nor the choice among a post's revisions looks further.
CREATE INDEX revision_pins_pinned ON revision_pins (pinned_id, item_id, revision, pinned_revision);

-- A draft's pins are `[]`, so these are of what is frozen.
INSERT INTO revision_pins (item_id, revision, pinned_id, pinned_revision)
SELECT r.item_id, r.revision, pin ->> 'id', (pin ->> 'revision')::bigint
FROM revisions r, jsonb_array_elements(r.pins::jsonb) pin;

-- R2: what a frozen revision pins is part of it: these rows say what its document says, and stay.
CREATE FUNCTION r02_pins_are_of_the_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM revisions r, jsonb_array_elements(r.pins::jsonb) pin
    WHERE r.item_id = NEW.item_id AND r.revision = NEW.revision AND r.state <> 'draft'
      AND pin ->> 'id' = NEW.pinned_id
      AND (pin ->> 'revision')::bigint = NEW.pinned_revision) THEN
    RAISE EXCEPTION 'r02: a pin is part of a frozen revision';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER r02_pins_are_of_the_document BEFORE INSERT ON revision_pins
FOR EACH ROW EXECUTE FUNCTION r02_pins_are_of_the_document();
CREATE FUNCTION r02_pins_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r02: a pin is never deleted';
END $$;
CREATE TRIGGER r02_pins_stay BEFORE DELETE ON revision_pins
FOR EACH ROW EXECUTE FUNCTION r02_pins_stay();
CREATE FUNCTION r02_pins_do_not_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'r02: a pin never changes';
END $$;
CREATE TRIGGER r02_pins_do_not_change BEFORE UPDATE ON revision_pins
FOR EACH ROW EXECUTE FUNCTION r02_pins_do_not_change();
