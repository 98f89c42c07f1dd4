-- Of an application, in the order of pages; of somebody, with all that My Apps reads. SQLite, which has no figures,
-- prefers an index that covers what is read, or has its order, to one over more of the columns that are compared.
CREATE INDEX app_role_assignments_page ON app_role_assignments (tenant_id, application_id, id);
DROP INDEX app_role_assignments_principal;
CREATE INDEX app_role_assignments_principal
  ON app_role_assignments (tenant_id, principal_id, application_id, app_role_id)
