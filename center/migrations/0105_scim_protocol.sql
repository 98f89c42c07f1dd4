-- Counts the changes of a row: meta.version and ETag.
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE groups ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- How the SCIM server judges requests: tolerant, strict or aws. A token without one follows the instance.
ALTER TABLE instances ADD COLUMN scim_mode {text} NOT NULL DEFAULT 'tolerant';
ALTER TABLE scim_tokens ADD COLUMN scim_mode {text};

-- What the client with a token was seen to be. `quirks` is a JSON array of names.
CREATE TABLE scim_clients (
  instance_id {text} NOT NULL,
  token_id {text} NOT NULL,
  dialect {text},
  quirks TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  first_seen_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, token_id)
);

-- sortBy=meta.created
CREATE INDEX users_created ON users (instance_id, created_at, id);
CREATE INDEX groups_created ON groups (instance_id, created_at, id)
