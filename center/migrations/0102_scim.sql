CREATE TABLE scim_tokens (
  instance_id {text} NOT NULL,
  id {text} NOT NULL,
  secret_sha256 {blob} NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  last_used_at BIGINT,
  PRIMARY KEY (instance_id, id)
);
CREATE UNIQUE INDEX scim_tokens_secret ON scim_tokens (secret_sha256)
