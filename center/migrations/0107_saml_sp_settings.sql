-- How this service provider behaves, as JSON. Without a row the defaults count, which are those of AWS.
CREATE TABLE saml_settings (
  instance_id {text} NOT NULL PRIMARY KEY,
  settings TEXT NOT NULL,
  changed_at BIGINT NOT NULL
);

-- Our own keys. purpose: signing or encryption. The private key is sealed.
CREATE TABLE saml_keys (
  instance_id {text} NOT NULL,
  id {text} NOT NULL,
  purpose {text} NOT NULL,
  certificate {blob} NOT NULL,
  private_key_sealed {blob} NOT NULL,
  -- Of each purpose one key is active: it signs, or is the one that others encrypt for.
  active BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id)
);

-- What is known of the certificates of the active identity provider beside the certificates themselves, which
-- are in identity_sources. Without a row a certificate came with the identity source.
CREATE TABLE idp_certificates (
  instance_id {text} NOT NULL,
  -- SHA-1 in upper-case hexadecimal digits.
  thumbprint {text} NOT NULL,
  -- identity-source, upload, metadata (a file), or refresh (the metadata URL).
  origin {text} NOT NULL,
  added_at BIGINT NOT NULL,
  -- The actor; empty where it came with the identity source.
  added_by {text} NOT NULL,
  -- Since when the metadata at the URL lacks it.
  missing_since BIGINT,
  -- The smallest number of days before its end at which an event said so.
  announced_days BIGINT,
  PRIMARY KEY (instance_id, thumbprint)
);

-- Where the identity provider's metadata is read again and again, and what was found there last.
CREATE TABLE idp_metadata_urls (
  instance_id {text} NOT NULL PRIMARY KEY,
  url {text} NOT NULL,
  -- Whether it may be in a private network.
  allow_private BIGINT NOT NULL,
  every_seconds BIGINT NOT NULL,
  -- When it is due. Whoever reads it moves this first, so that one process at a time reads.
  next_at BIGINT NOT NULL,
  checked_at BIGINT,
  succeeded_at BIGINT,
  -- Why the last reading failed, for people; NULL where it did not.
  failure TEXT,
  failed_since BIGINT,
  -- JSON like identity_sources.settings: what the file said at the last reading that succeeded.
  found TEXT
);

-- Attributes for access control, as JSON. Without a row they are not enabled.
CREATE TABLE access_control_attributes (
  instance_id {text} NOT NULL PRIMARY KEY,
  settings TEXT NOT NULL,
  changed_at BIGINT NOT NULL
);

-- The request as it was sent, for the page that explains a sign-in.
ALTER TABLE saml_requests ADD COLUMN request_xml TEXT;
-- Which certificate verified it, where one did.
ALTER TABLE sign_in_attempts ADD COLUMN certificate {text};
CREATE INDEX sign_in_attempts_certificate ON sign_in_attempts (instance_id, certificate, at)
