-- The claims of an application's assertions, where they differ from the default ones.
CREATE TABLE application_claims (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  -- JSON: the claims, their sources and conditions, and the group claim.
  configuration TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, application_id)
)
