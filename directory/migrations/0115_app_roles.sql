-- The roles of an application besides the two that every application has (`User` and `msiam_access`).
CREATE TABLE app_roles (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  id {text} NOT NULL,
  display_name {text} NOT NULL,
  description {text},
  -- What assertions and targets hear of it.
  value {text},
  is_enabled BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, application_id, id)
);
CREATE UNIQUE INDEX app_roles_value ON app_roles (tenant_id, application_id, value);
CREATE INDEX app_role_assignments_role ON app_role_assignments (tenant_id, application_id, app_role_id)
