-- Who answers for what, what is to be told to people, and what each person was told.

-- The register of responsibilities ---------------------------------------------------------------------

CREATE TABLE responsibilities (
  id TEXT NOT NULL PRIMARY KEY,
  key TEXT NOT NULL UNIQUE, -- used once, also by one that has ended
  name TEXT NOT NULL,
  description TEXT,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;

-- Who holds a responsibility, or stands in for whoever holds it: a person, or everybody in a group.
CREATE TABLE responsibility_holders (
  id TEXT NOT NULL PRIMARY KEY,
  responsibility_id TEXT NOT NULL REFERENCES responsibilities (id),
  person_id TEXT REFERENCES people (id),
  group_id TEXT REFERENCES groups (id),
  deputy INTEGER NOT NULL,
  from_at INTEGER NOT NULL,
  until_at INTEGER CHECK (until_at >= from_at),
  CHECK ((person_id IS NULL) <> (group_id IS NULL))
) STRICT;
CREATE UNIQUE INDEX responsibility_holders_open_person ON responsibility_holders (responsibility_id, person_id)
  WHERE until_at IS NULL AND person_id IS NOT NULL;
CREATE UNIQUE INDEX responsibility_holders_open_group ON responsibility_holders (responsibility_id, group_id)
  WHERE until_at IS NULL AND group_id IS NOT NULL;
CREATE INDEX responsibility_holders_responsibility ON responsibility_holders (responsibility_id, until_at);
CREATE INDEX responsibility_holders_person ON responsibility_holders (person_id, until_at);
CREATE INDEX responsibility_holders_group ON responsibility_holders (group_id, until_at);

-- R8: what held is closed, never overwritten.
CREATE TRIGGER r08_responsibilities_stay BEFORE DELETE ON responsibilities
BEGIN SELECT RAISE(ABORT, 'r08: a responsibility is never deleted'); END;
CREATE TRIGGER r08_responsibilities_keep_their_keys BEFORE UPDATE ON responsibilities
WHEN NEW.id <> OLD.id OR NEW.key <> OLD.key OR NEW.created_at <> OLD.created_at OR NEW.version < OLD.version
  OR OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'r08: a responsibility keeps its key, and its end'); END;
CREATE TRIGGER r08_responsibility_holders_stay BEFORE DELETE ON responsibility_holders
BEGIN SELECT RAISE(ABORT, 'r08: what held is never deleted'); END;
CREATE TRIGGER r08_responsibility_holders_only_end BEFORE UPDATE ON responsibility_holders
WHEN NEW.id <> OLD.id OR NEW.responsibility_id <> OLD.responsibility_id OR NEW.person_id IS NOT OLD.person_id
  OR NEW.group_id IS NOT OLD.group_id OR NEW.deputy <> OLD.deputy OR NEW.from_at <> OLD.from_at
  OR OLD.until_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'r08: what held only ends'); END;

-- Notifications --------------------------------------------------------------------------------------

-- What is to be told, in the transaction in which it happened: one row, however many persons are told. It is
-- spread to them afterwards, without the lock of the record.
CREATE TABLE announcements (
  id TEXT NOT NULL PRIMARY KEY,
  topic TEXT NOT NULL,
  item_id TEXT REFERENCES items (id), -- NULL where it is about no item, as a delegation is not
  kind TEXT,
  revision INTEGER,
  review_id TEXT REFERENCES reviews (id),
  stage INTEGER,
  recipients TEXT NOT NULL,
  detail TEXT,
  created_at INTEGER NOT NULL,
  spread_at INTEGER,
  CHECK ((item_id IS NULL) = (kind IS NULL) AND (item_id IS NULL) = (revision IS NULL))
) STRICT;
CREATE INDEX announcements_waiting ON announcements (id) WHERE spread_at IS NULL;
-- For the sweep.
CREATE INDEX announcements_created ON announcements (created_at) WHERE spread_at IS NOT NULL;

-- What a person was told: what the announcement said, for this person.
CREATE TABLE notifications (
  id TEXT NOT NULL PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  announcement_id TEXT NOT NULL REFERENCES announcements (id),
  topic TEXT NOT NULL,
  item_id TEXT,
  kind TEXT,
  revision INTEGER,
  review_id TEXT,
  stage INTEGER,
  detail TEXT,
  created_at INTEGER NOT NULL, -- when it happened
  read_at INTEGER,
  UNIQUE (announcement_id, person_id)
) STRICT;
CREATE INDEX notifications_person ON notifications (person_id, id);
CREATE INDEX notifications_unread ON notifications (person_id, id) WHERE read_at IS NULL;
-- For the sweep.
CREATE INDEX notifications_created ON notifications (created_at);
CREATE INDEX notifications_read ON notifications (created_at) WHERE read_at IS NOT NULL;

-- So that those who hold a role are read in pages, each from where the last one ended.
CREATE INDEX person_roles_holders ON person_roles (role, person_id) WHERE until_at IS NULL;
