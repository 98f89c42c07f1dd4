CREATE TABLE tenants (
  id {text} NOT NULL PRIMARY KEY,
  display_name {text} NOT NULL,
  default_domain {text} NOT NULL,
  -- 1: members of nested groups count for assignments and provisioning; 0: as Entra, they do not.
  transitive_groups BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

-- The one-time secret of the first start; gone once it was used.
CREATE TABLE setup_secrets (
  tenant_id {text} NOT NULL PRIMARY KEY,
  secret_sha256 {blob} NOT NULL,
  created_at BIGINT NOT NULL
);

-- `profile` is JSON with Microsoft Graph's property names (givenName, surname, mail, jobTitle …),
-- absent where there is no value. The columns beside it are what is looked up or decided on.
CREATE TABLE users (
  tenant_id {text} NOT NULL,
  id {text} NOT NULL,
  user_principal_name {text} NOT NULL,
  user_principal_name_key {text} NOT NULL,
  display_name {text} NOT NULL,
  display_name_key {text} NOT NULL,
  account_enabled BIGINT NOT NULL,
  manager_id {text},
  profile TEXT NOT NULL,
  -- The mail of the profile in lower case, for look-ups.
  mail_key {text},
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  -- Soft-deleted: restorable for 30 days.
  deleted_at BIGINT,
  PRIMARY KEY (tenant_id, id)
);
-- A deleted user's name is free for another.
CREATE UNIQUE INDEX users_name ON users (tenant_id, user_principal_name_key) WHERE deleted_at IS NULL;
CREATE INDEX users_display_name ON users (tenant_id, display_name_key, id);
CREATE INDEX users_manager ON users (tenant_id, manager_id);
CREATE INDEX users_mail ON users (tenant_id, mail_key);
CREATE INDEX users_deleted ON users (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE passwords (
  tenant_id {text} NOT NULL,
  user_id {text} NOT NULL,
  hash TEXT NOT NULL,
  must_change BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);

CREATE TABLE role_assignments (
  tenant_id {text} NOT NULL,
  user_id {text} NOT NULL,
  role {text} NOT NULL,
  PRIMARY KEY (tenant_id, user_id, role)
);

CREATE TABLE groups (
  tenant_id {text} NOT NULL,
  id {text} NOT NULL,
  display_name {text} NOT NULL,
  display_name_key {text} NOT NULL,
  description {text} NOT NULL,
  mail_nickname {text} NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX groups_display_name ON groups (tenant_id, display_name_key, id);

-- member_type: user or group.
CREATE TABLE group_members (
  tenant_id {text} NOT NULL,
  group_id {text} NOT NULL,
  member_id {text} NOT NULL,
  member_type {text} NOT NULL,
  PRIMARY KEY (tenant_id, group_id, member_id)
) {without_rowid};
CREATE INDEX group_members_member ON group_members (tenant_id, member_id, group_id);

-- Programs that call the API with client credentials (RFC 6749 §4.4).
CREATE TABLE api_clients (
  tenant_id {text} NOT NULL,
  id {text} NOT NULL,
  display_name {text} NOT NULL,
  secret_sha256 {blob} NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE TABLE api_tokens (
  token_sha256 {blob} NOT NULL PRIMARY KEY,
  tenant_id {text} NOT NULL,
  client_id {text} NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX api_tokens_expiry ON api_tokens (expires_at)
