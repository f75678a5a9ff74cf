ALTER TABLE people DROP COLUMN mastodon;
