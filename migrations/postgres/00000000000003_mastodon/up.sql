-- A person's account on Mastodon, as JSON sealed under the person's key: which server somebody uses is
-- personal (R22), and an erasure takes it away like their name.
ALTER TABLE people ADD COLUMN mastodon BYTEA;
