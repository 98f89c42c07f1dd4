-- Requests that wait for their response.
CREATE TABLE saml_requests (
  instance_id {text} NOT NULL,
  id {text} NOT NULL,
  -- Where the person wanted to go: a path of our own.
  return_to {text} NOT NULL,
  -- SHA-256 of the cookie of the browser that started it.
  browser_sha256 {blob} NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  -- When its response was taken. The row stays for a while, to tell used from unknown.
  used_at BIGINT,
  PRIMARY KEY (instance_id, id)
);
CREATE INDEX saml_requests_expiry ON saml_requests (instance_id, expires_at);

-- Assertions that were taken, until nobody could send them again.
CREATE TABLE saml_assertions_seen (
  instance_id {text} NOT NULL,
  assertion_id {text} NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (instance_id, assertion_id)
);
CREATE INDEX saml_assertions_seen_until ON saml_assertions_seen (until);

-- Each sign-in, good or bad, for the administrator who is asked about its reference.
CREATE TABLE sign_in_attempts (
  instance_id {text} NOT NULL,
  reference {text} NOT NULL,
  at BIGINT NOT NULL,
  -- accepted, or the code of the refusal.
  outcome {text} NOT NULL,
  user_name {text},
  -- Whether the identity provider's signature was right. What anybody can send and what only the
  -- identity provider can are kept apart, so that a flood of the one does not push out the other.
  proven BIGINT NOT NULL,
  -- JSON: every check with what was expected and found, and the fix.
  trace TEXT NOT NULL,
  PRIMARY KEY (instance_id, reference)
);
CREATE INDEX sign_in_attempts_time ON sign_in_attempts (instance_id, at);
CREATE INDEX sign_in_attempts_proven ON sign_in_attempts (instance_id, proven, at)
