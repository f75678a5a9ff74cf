-- Items of every kind that the design knows: rules now, guidelines and images without a further change.
--
-- SQLite has no statement that changes a CHECK without a name. Of the two ways that its documentation
-- gives (lang_altertable, section 7), this is the one that edits the stored text of the schema: the
-- CHECKs only grow wider, so no row has to be looked at or moved, and the tables keep their triggers,
-- their indexes and the foreign keys that lead to them. The other way copies and drops tables on which
-- most others rely, with foreign keys switched off, which a transaction does not allow.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (kind IN (''disclaimer'', ''hashtag'', ''post''))',
    'CHECK (kind IN (''disclaimer'', ''guideline'', ''hashtag'', ''image'', ''post'', ''rule''))')
  WHERE type = 'table' AND name IN ('items', 'workflows');
-- Ends it, and reads the schema anew.
PRAGMA writable_schema = RESET;
-- Any ordinary change of the schema moves its version, from which other connections see that theirs is
-- old; `PRAGMA schema_version` could only be set to a number known beforehand.
CREATE TABLE moves_the_schema_version (id INTEGER) STRICT;
DROP TABLE moves_the_schema_version;
