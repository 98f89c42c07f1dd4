CREATE TABLE instances (
  -- ssoins- and 16 hexadecimal digits.
  id {text} NOT NULL PRIMARY KEY,
  -- d- and 10 hexadecimal digits.
  identity_store_id {text} NOT NULL,
  region {text} NOT NULL,
  -- The path element of the ACS URL and the one of the SCIM endpoint: opaque, drawn once.
  acs_id {text} NOT NULL,
  scim_tenant_id {text} NOT NULL,
  scim_enabled BIGINT NOT NULL,
  -- Length of a portal session in seconds.
  portal_session_seconds BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE setup_secrets (
  instance_id {text} NOT NULL PRIMARY KEY,
  secret_sha256 {blob} NOT NULL,
  created_at BIGINT NOT NULL
);

-- The owners of the set-up. They are not users of the identity store and sign in with a password of
-- their own, so that no identity source can lock them out.
CREATE TABLE administrators (
  instance_id {text} NOT NULL,
  id {text} NOT NULL,
  user_name {text} NOT NULL,
  user_name_key {text} NOT NULL,
  password_hash TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id)
);
CREATE UNIQUE INDEX administrators_name ON administrators (instance_id, user_name_key);

CREATE TABLE api_keys (
  instance_id {text} NOT NULL,
  id {text} NOT NULL,
  display_name {text} NOT NULL,
  secret_sha256 {blob} NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id)
);
CREATE UNIQUE INDEX api_keys_secret ON api_keys (secret_sha256);

-- kind: identity-center-directory or external. `settings` is JSON: what the IdP's metadata said.
-- state: active, proposed (under review) or previous (can be restored).
CREATE TABLE identity_sources (
  instance_id {text} NOT NULL,
  state {text} NOT NULL,
  kind {text} NOT NULL,
  settings TEXT NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, state)
);

-- `resource` is the SCIM resource as it was last written, without id and meta: the attributes with
-- their RFC 7643 names. The columns beside it are what is looked up or decided on.
CREATE TABLE users (
  instance_id {text} NOT NULL,
  id {text} NOT NULL,
  user_name {text} NOT NULL,
  user_name_key {text} NOT NULL,
  display_name {text} NOT NULL,
  display_name_key {text} NOT NULL,
  external_id {text},
  -- Lower case; unique where there is one, as AWS has it.
  primary_email_key {text},
  active BIGINT NOT NULL,
  -- Who made it: scim:{token id}, console or api.
  owner {text} NOT NULL,
  resource TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id)
);
CREATE UNIQUE INDEX users_name ON users (instance_id, user_name_key);
CREATE UNIQUE INDEX users_email ON users (instance_id, primary_email_key) WHERE primary_email_key IS NOT NULL;
CREATE INDEX users_external_id ON users (instance_id, external_id);
CREATE INDEX users_display_name ON users (instance_id, display_name_key, id);

-- Passwords of the Identity Center directory; kept, unused, under another identity source.
CREATE TABLE passwords (
  instance_id {text} NOT NULL,
  user_id {text} NOT NULL,
  hash TEXT NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, user_id)
);

CREATE TABLE groups (
  instance_id {text} NOT NULL,
  id {text} NOT NULL,
  display_name {text} NOT NULL,
  display_name_key {text} NOT NULL,
  external_id {text},
  owner {text} NOT NULL,
  description {text} NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id)
);
CREATE UNIQUE INDEX groups_name ON groups (instance_id, display_name_key);
CREATE INDEX groups_external_id ON groups (instance_id, external_id);

CREATE TABLE group_members (
  instance_id {text} NOT NULL,
  group_id {text} NOT NULL,
  user_id {text} NOT NULL,
  PRIMARY KEY (instance_id, group_id, user_id)
) {without_rowid};
CREATE INDEX group_members_user ON group_members (instance_id, user_id, group_id);

-- The organization: o-…, its root r-…, and the account that owns it.
CREATE TABLE organizations (
  instance_id {text} NOT NULL PRIMARY KEY,
  id {text} NOT NULL,
  root_id {text} NOT NULL,
  management_account_id {text} NOT NULL
);
CREATE TABLE organizational_units (
  instance_id {text} NOT NULL,
  id {text} NOT NULL,
  parent_id {text} NOT NULL,
  name {text} NOT NULL,
  PRIMARY KEY (instance_id, id)
);
CREATE UNIQUE INDEX organizational_units_name ON organizational_units (instance_id, parent_id, name);
CREATE TABLE accounts (
  instance_id {text} NOT NULL,
  -- Twelve digits.
  id {text} NOT NULL,
  name {text} NOT NULL,
  email {text} NOT NULL,
  parent_id {text} NOT NULL,
  -- ACTIVE or SUSPENDED.
  status {text} NOT NULL,
  joined_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id)
);
CREATE INDEX accounts_parent ON accounts (instance_id, parent_id, id);

CREATE TABLE permission_sets (
  instance_id {text} NOT NULL,
  -- ps- and 16 hexadecimal digits; the ARN is built from it.
  id {text} NOT NULL,
  name {text} NOT NULL,
  description {text} NOT NULL,
  -- ISO 8601, PT1H to PT12H.
  session_duration {text} NOT NULL,
  relay_state {text},
  -- JSON array of ARNs.
  managed_policies TEXT NOT NULL,
  inline_policy TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id)
);
CREATE UNIQUE INDEX permission_sets_name ON permission_sets (instance_id, name);

-- principal_type: USER or GROUP.
CREATE TABLE account_assignments (
  instance_id {text} NOT NULL,
  account_id {text} NOT NULL,
  permission_set_id {text} NOT NULL,
  principal_type {text} NOT NULL,
  principal_id {text} NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, account_id, permission_set_id, principal_id)
) {without_rowid};
CREATE INDEX account_assignments_principal ON account_assignments (instance_id, principal_id);
CREATE INDEX account_assignments_permission_set ON account_assignments (instance_id, permission_set_id, account_id)
