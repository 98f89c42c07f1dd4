-- Objects that a job's scoping filter does not let through; whoever is not in here, is let through. A row
-- follows from the object's attributes and the filter, and is renewed whenever one of them changes.
CREATE TABLE provisioning_filtered (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  kind {text} NOT NULL,
  source_id {text} NOT NULL,
  -- out_of_scope or not_processed.
  verdict {text} NOT NULL,
  PRIMARY KEY (tenant_id, application_id, kind, source_id)
) {without_rowid};

-- What becomes of whoever leaves the scope: disable, delete or skip.
ALTER TABLE provisioning_jobs ADD COLUMN out_of_scope {text} NOT NULL DEFAULT 'disable';

-- Dry runs: what would be sent, until somebody approves it or it runs out.
CREATE TABLE provisioning_plans (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  id {text} NOT NULL,
  made_at BIGINT NOT NULL,
  made_by {text} NOT NULL,
  expires_at BIGINT NOT NULL,
  approved_at BIGINT,
  approved_by {text},
  -- JSON: object by object, attribute by attribute.
  changes TEXT NOT NULL,
  PRIMARY KEY (tenant_id, application_id, id)
);
