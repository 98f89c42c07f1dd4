-- Users and groups that were deleted, for 30 days. They are in no other table, so nothing finds them by mistake and
-- their names are free.
CREATE TABLE recycle_bin (
  instance_id {text} NOT NULL,
  id {text} NOT NULL,
  -- user or group.
  kind {text} NOT NULL,
  -- The user name or group name, and the same in lower case.
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  external_id {text},
  owner {text} NOT NULL,
  deleted_at BIGINT NOT NULL,
  deleted_by {text} NOT NULL,
  -- JSON: the rest of the row.
  record TEXT NOT NULL,
  PRIMARY KEY (instance_id, id)
);
CREATE INDEX recycle_bin_deleted ON recycle_bin (instance_id, deleted_at, id);
CREATE INDEX recycle_bin_external_id ON recycle_bin (instance_id, kind, external_id);
CREATE INDEX recycle_bin_name ON recycle_bin (instance_id, kind, name_key);

-- Memberships of which one end, or both, are in the bin.
CREATE TABLE recycle_bin_members (
  instance_id {text} NOT NULL,
  group_id {text} NOT NULL,
  user_id {text} NOT NULL,
  PRIMARY KEY (instance_id, group_id, user_id)
) {without_rowid};
CREATE INDEX recycle_bin_members_user ON recycle_bin_members (instance_id, user_id, group_id);

-- Assignments of what is in the bin.
CREATE TABLE recycle_bin_assignments (
  instance_id {text} NOT NULL,
  principal_id {text} NOT NULL,
  account_id {text} NOT NULL,
  permission_set_id {text} NOT NULL,
  principal_type {text} NOT NULL,
  PRIMARY KEY (instance_id, principal_id, account_id, permission_set_id)
) {without_rowid};

-- Whether what automatic provisioning creates again comes back from the bin.
ALTER TABLE instances ADD COLUMN restore_returning BIGINT NOT NULL DEFAULT 1
