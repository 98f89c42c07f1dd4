-- rsa-sha256, rsa-sha384 or rsa-sha512.
ALTER TABLE applications ADD COLUMN signing_algorithm {text} NOT NULL DEFAULT 'rsa-sha256';
-- 1: a request without a good signature is refused.
ALTER TABLE applications ADD COLUMN signed_request_required BIGINT NOT NULL DEFAULT 0;
ALTER TABLE applications ADD COLUMN allow_rsa_sha1 BIGINT NOT NULL DEFAULT 0;
-- The certificate that assertions are encrypted for; NULL: they are not encrypted.
ALTER TABLE applications ADD COLUMN token_encryption_key_id {text};
-- For how many days before its end the last announcement was: 60, 30, 7 or 0.
ALTER TABLE application_certificates ADD COLUMN expiry_announced BIGINT;

-- Certificates of the application itself; usage: Verify (of its requests) or Encrypt (for it).
CREATE TABLE application_key_credentials (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  key_id {text} NOT NULL,
  usage {text} NOT NULL,
  thumbprint {text} NOT NULL,
  certificate_der {blob} NOT NULL,
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, application_id, key_id)
);

-- Messages of a sign-on as they came and went, cut to a length, without what could be used again.
ALTER TABLE sign_ins ADD COLUMN request_xml TEXT;
ALTER TABLE sign_ins ADD COLUMN response_xml TEXT;
ALTER TABLE tenants ADD COLUMN sign_in_retention_days BIGINT NOT NULL DEFAULT 30;

-- The applications that a session was signed on to, for its end.
CREATE TABLE session_applications (
  tenant_id {text} NOT NULL,
  session_sha256 {blob} NOT NULL,
  application_id {text} NOT NULL,
  name_id {text} NOT NULL,
  name_id_format {text} NOT NULL,
  sp_name_qualifier {text},
  session_index {text} NOT NULL,
  signed_on_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, session_sha256, application_id)
);
CREATE INDEX session_applications_expiry ON session_applications (expires_at);

-- Sign-outs on their way from application to application; minutes old at most. `state` is JSON.
CREATE TABLE sign_outs (
  tenant_id {text} NOT NULL,
  id {text} NOT NULL,
  state TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX sign_outs_started ON sign_outs (tenant_id, started_at);
CREATE INDEX sign_outs_expiry ON sign_outs (expires_at)
