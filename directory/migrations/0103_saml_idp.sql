-- Requests that wait for their person to sign in; minutes old at most. `browser_sha256` is the hash of
-- the cookie of the browser that brought the request.
CREATE TABLE saml_requests (
  tenant_id {text} NOT NULL,
  id {text} NOT NULL,
  application_id {text} NOT NULL,
  browser_sha256 {blob} NOT NULL,
  request TEXT NOT NULL,
  relay_state {text},
  received_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX saml_requests_received ON saml_requests (tenant_id, received_at);
CREATE INDEX saml_requests_expiry ON saml_requests (expires_at);

-- Every sign-on to an application, issued or refused, under the reference that the person was shown.
CREATE TABLE sign_ins (
  tenant_id {text} NOT NULL,
  reference {text} NOT NULL,
  at BIGINT NOT NULL,
  -- issued or refused.
  outcome {text} NOT NULL,
  application_id {text},
  user_id {text},
  -- JSON: names, code, what was expected and found, the fix, and the checks in order.
  details TEXT NOT NULL,
  PRIMARY KEY (tenant_id, reference)
);
CREATE INDEX sign_ins_at ON sign_ins (tenant_id, at, reference)
