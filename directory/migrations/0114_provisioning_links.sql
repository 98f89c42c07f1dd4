-- The rows in the order of their keys: a change looks its link up with one page in place of two.
CREATE TABLE provisioning_links_new (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  kind {text} NOT NULL,
  source_id {text} NOT NULL,
  target_id {text} NOT NULL,
  display_name {text} NOT NULL,
  -- 0 for a person who was disabled in the target.
  active BIGINT NOT NULL,
  sent TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, application_id, kind, source_id)
) {without_rowid};
INSERT INTO provisioning_links_new (tenant_id, application_id, kind, source_id, target_id, display_name, active, sent,
    updated_at)
  SELECT tenant_id, application_id, kind, source_id, target_id, display_name, active, sent, updated_at
  FROM provisioning_links;
DROP TABLE provisioning_links;
ALTER TABLE provisioning_links_new RENAME TO provisioning_links;
CREATE UNIQUE INDEX provisioning_links_target ON provisioning_links (tenant_id, application_id, kind, target_id)
