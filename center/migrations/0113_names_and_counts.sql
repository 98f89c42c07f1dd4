-- How the keys of names were made: 0 in lower case, 1 as scim::caseless says. The next start brings them up to date.
ALTER TABLE instances ADD COLUMN name_keys BIGINT NOT NULL DEFAULT 0
;

-- How many users and groups there are, for lists without a filter: the sum over the slots. A row for each would be
-- written by every creation, and PostgreSQL would have them wait for each other.
CREATE TABLE identity_counts (
  instance_id {text} NOT NULL,
  -- user or group
  kind {text} NOT NULL,
  slot BIGINT NOT NULL,
  number BIGINT NOT NULL,
  PRIMARY KEY (instance_id, kind, slot)
) {without_rowid};
INSERT INTO identity_counts (instance_id, kind, slot, number)
  SELECT instance_id, 'user', 0, count(*) FROM users GROUP BY instance_id;
INSERT INTO identity_counts (instance_id, kind, slot, number)
  SELECT instance_id, 'group', 0, count(*) FROM groups GROUP BY instance_id
