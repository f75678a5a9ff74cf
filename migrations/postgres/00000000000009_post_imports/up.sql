-- Imports of posts: each file with what became of its rows, and which post each external id made.

-- The counts and updated_at grow while it runs: one that does not move any more was cut short.
CREATE TABLE post_imports (
  id TEXT NOT NULL PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  format TEXT NOT NULL CHECK (format IN ('ndjson', 'csv')),
  state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'interrupted')),
  rows BIGINT NOT NULL,
  created BIGINT NOT NULL CHECK (created >= 0),
  existing BIGINT NOT NULL CHECK (existing >= 0),
  refused BIGINT NOT NULL CHECK (refused >= 0),
  reason TEXT, -- why it was interrupted
  started_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  finished_at BIGINT,
  CHECK (rows = created + existing + refused),
  CHECK ((state = 'running') = (finished_at IS NULL)),
  CHECK ((state = 'interrupted') = (reason IS NOT NULL))
);

CREATE TABLE post_import_rows (
  import_id TEXT NOT NULL REFERENCES post_imports (id),
  row BIGINT NOT NULL CHECK (row >= 1),
  line BIGINT NOT NULL CHECK (line >= 1),
  external_id TEXT, -- where the row has one that could be read
  result TEXT NOT NULL CHECK (result IN ('created', 'exists', 'refused')),
  differs BOOLEAN NOT NULL, -- whether it is not what the external id made a post of
  item_id TEXT REFERENCES items (id),
  problem TEXT, -- why it was refused
  PRIMARY KEY (import_id, row),
  CHECK ((result = 'refused') = (problem IS NOT NULL)),
  CHECK ((result = 'refused') = (item_id IS NULL)),
  CHECK (result = 'refused' OR external_id IS NOT NULL),
  CHECK (NOT differs OR result = 'exists')
);
CREATE INDEX post_import_rows_result ON post_import_rows (import_id, result, row);

-- Which post an external id made, and of what: so that a file that comes again makes nothing twice.
CREATE TABLE imported_posts (
  external_id TEXT NOT NULL PRIMARY KEY,
  item_id TEXT NOT NULL UNIQUE REFERENCES items (id),
  digest TEXT NOT NULL, -- of the content that was imported
  import_id TEXT NOT NULL REFERENCES post_imports (id)
);
