-- Items of every kind that the design knows: rules now, guidelines and images without a further change.
ALTER TABLE items DROP CONSTRAINT items_kind_check, ADD CONSTRAINT items_kind_check
  CHECK (kind IN ('disclaimer', 'guideline', 'hashtag', 'image', 'post', 'rule'));
ALTER TABLE workflows DROP CONSTRAINT workflows_kind_check, ADD CONSTRAINT workflows_kind_check
  CHECK (kind IN ('disclaimer', 'guideline', 'hashtag', 'image', 'post', 'rule'));
