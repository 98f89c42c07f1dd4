-- An enterprise application: application and service principal in one row, each with its own id as
-- Microsoft Graph has it.
CREATE TABLE applications (
  tenant_id {text} NOT NULL,
  id {text} NOT NULL,
  app_id {text} NOT NULL,
  service_principal_id {text} NOT NULL,
  display_name {text} NOT NULL,
  display_name_key {text} NOT NULL,
  account_enabled BIGINT NOT NULL,
  assignment_required BIGINT NOT NULL,
  visible BIGINT NOT NULL,
  -- NULL until a mode is chosen; then saml.
  single_sign_on_mode {text},
  sign_on_url {text},
  logout_url {text},
  relay_state {text},
  -- A property of the user, by default userPrincipalName, and a NameID format URI.
  name_id_source {text} NOT NULL,
  name_id_format {text} NOT NULL,
  -- assertion, response or both.
  signing_option {text} NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX applications_app_id ON applications (tenant_id, app_id);
CREATE UNIQUE INDEX applications_service_principal ON applications (tenant_id, service_principal_id);

-- Entity IDs: one belongs to one application of the tenant.
CREATE TABLE application_identifiers (
  tenant_id {text} NOT NULL,
  identifier {text} NOT NULL,
  application_id {text} NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, identifier)
);
CREATE INDEX application_identifiers_of ON application_identifiers (tenant_id, application_id, position);

CREATE TABLE application_reply_urls (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  position BIGINT NOT NULL,
  url {text} NOT NULL,
  acs_index BIGINT,
  is_default BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, application_id, position)
);

-- SAML signing certificates; exactly one of an application is active.
CREATE TABLE application_certificates (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  key_id {text} NOT NULL,
  thumbprint {text} NOT NULL,
  certificate_der {blob} NOT NULL,
  -- PKCS#8, sealed for the place application_certificates/private_key/{key_id}.
  private_key_sealed {blob} NOT NULL,
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  active BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, application_id, key_id)
);

-- principal_type: user or group.
CREATE TABLE app_role_assignments (
  tenant_id {text} NOT NULL,
  id {text} NOT NULL,
  application_id {text} NOT NULL,
  principal_id {text} NOT NULL,
  principal_type {text} NOT NULL,
  app_role_id {text} NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX app_role_assignments_of
  ON app_role_assignments (tenant_id, application_id, principal_id, app_role_id);
CREATE INDEX app_role_assignments_principal ON app_role_assignments (tenant_id, principal_id)
