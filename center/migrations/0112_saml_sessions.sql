-- Which portal sessions began under which NameID, so that the identity provider's sign-out finds them by an index.
CREATE TABLE saml_sessions (
  instance_id {text} NOT NULL,
  -- SHA-256 of the NameID.
  name_id_sha256 {blob} NOT NULL,
  -- The session. It may have ended in another way; this row goes with the time.
  token_sha256 {blob} NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, name_id_sha256, token_sha256)
);
CREATE INDEX saml_sessions_expiry ON saml_sessions (expires_at);

-- Sessions from before have no row here, so no sign-out would end them. They end now; who comes by single sign-on is
-- back without a question.
DELETE FROM sessions WHERE audience = 'portal' AND data LIKE '%"nameId":%';
