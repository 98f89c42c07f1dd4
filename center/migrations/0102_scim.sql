CREATE TABLE scim_tokens (
  instance_id {text} NOT NULL,
  id {text} NOT NULL,
  secret_sha256 {blob} NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  last_used_at BIGINT,
  PRIMARY KEY (instance_id, id)
);
CREATE UNIQUE INDEX scim_tokens_secret ON scim_tokens (secret_sha256);

-- Every e-mail address of every user in lower case, primary or not: Entra can match by
-- emails[type eq "work"].value, and must not cause a scan of all users each time.
CREATE TABLE user_emails (
  instance_id {text} NOT NULL,
  email_key {text} NOT NULL,
  user_id {text} NOT NULL,
  PRIMARY KEY (instance_id, email_key, user_id)
) {without_rowid};
CREATE INDEX user_emails_user ON user_emails (instance_id, user_id);

-- What changed since a moment: meta.lastModified in a filter.
CREATE INDEX users_updated ON users (instance_id, updated_at);
CREATE INDEX groups_updated ON groups (instance_id, updated_at)
