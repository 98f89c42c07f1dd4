-- One provisioning job of an enterprise application: where it sends, what it sends, how far it is.
CREATE TABLE provisioning_jobs (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  id {text} NOT NULL,
  -- not_configured, paused, active or quarantine.
  state {text} NOT NULL,
  quarantine_reason {text},
  quarantine_detail TEXT,
  quarantined_at BIGINT,
  next_attempt_at BIGINT,
  failures BIGINT NOT NULL,
  base_url {text},
  -- Sealed for the place provisioning_jobs/token/{application id}.
  token_sealed {blob},
  allow_private BIGINT NOT NULL,
  sync_all BIGINT NOT NULL,
  -- NULL: the default that depends on how many are linked.
  removal_limit BIGINT,
  -- As many removals were looked at and allowed by an administrator.
  removals_allowed BIGINT NOT NULL,
  window_began_at BIGINT NOT NULL,
  window_removals BIGINT NOT NULL,
  -- JSON; NULL for the defaults.
  mappings TEXT,
  -- Events up to here are in provisioning_pending; NULL: everything is looked at first.
  cursor {text},
  total BIGINT NOT NULL,
  cycle_id {text},
  cycle_began_at BIGINT,
  cycle_ended_at BIGINT,
  steady_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, application_id)
);
CREATE UNIQUE INDEX provisioning_jobs_id ON provisioning_jobs (tenant_id, id);

-- Objects whose state here has to be compared with what was sent. A row stays until that is done, so a
-- failed object is one with attempts: the escrow. Sorted by rank: 1 people, 2 groups, 3 later looks.
CREATE TABLE provisioning_pending (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  kind {text} NOT NULL,
  source_id {text} NOT NULL,
  rank BIGINT NOT NULL,
  -- Rises with every mark: a row that was marked again meanwhile is not done.
  generation BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  error_code {text},
  error_reason TEXT,
  PRIMARY KEY (tenant_id, application_id, kind, source_id)
);
CREATE INDEX provisioning_pending_due ON provisioning_pending (tenant_id, application_id, rank, due_at);

-- An object here and the one in the target that this job made or matched. `sent` is what the target has
-- from us: JSON, target path to value.
CREATE TABLE provisioning_links (
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
);
-- One object in the target belongs to one object here.
CREATE UNIQUE INDEX provisioning_links_target
  ON provisioning_links (tenant_id, application_id, kind, target_id);

-- Memberships as last sent.
CREATE TABLE provisioning_members (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  group_id {text} NOT NULL,
  user_id {text} NOT NULL,
  PRIMARY KEY (tenant_id, application_id, group_id, user_id)
) {without_rowid};
CREATE INDEX provisioning_members_user ON provisioning_members (tenant_id, application_id, user_id);

-- What was done to each object, attempt by attempt.
-- Written before something is sent, removed when its outcome is recorded: what is found here was perhaps
-- sent, so the target is asked before anything is concluded from what was recorded.
CREATE TABLE provisioning_unsure (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  kind {text} NOT NULL,
  source_id {text} NOT NULL,
  -- The name under which a creation was begun; the object may have another one by now.
  creating {text},
  PRIMARY KEY (tenant_id, application_id, kind, source_id)
) {without_rowid};
CREATE TABLE provisioning_unsure_members (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  group_id {text} NOT NULL,
  user_id {text} NOT NULL,
  PRIMARY KEY (tenant_id, application_id, group_id, user_id)
) {without_rowid};
CREATE INDEX provisioning_unsure_members_user
  ON provisioning_unsure_members (tenant_id, application_id, user_id);

CREATE TABLE provisioning_log (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  id {text} NOT NULL,
  at BIGINT NOT NULL,
  cycle_id {text} NOT NULL,
  kind {text} NOT NULL,
  source_id {text} NOT NULL,
  source_name {text} NOT NULL,
  source_name_key {text} NOT NULL,
  target_id {text},
  -- create, update, disable, delete, stagedDelete or other.
  action {text} NOT NULL,
  -- success, failure, skipped or warning.
  status {text} NOT NULL,
  duration_micros BIGINT NOT NULL,
  error_code {text},
  reason TEXT,
  fix TEXT,
  steps TEXT NOT NULL,
  modified TEXT NOT NULL,
  PRIMARY KEY (tenant_id, application_id, id)
);
CREATE INDEX provisioning_log_object ON provisioning_log (tenant_id, application_id, source_id, id);
CREATE INDEX provisioning_log_name ON provisioning_log (tenant_id, application_id, source_name_key, id);
CREATE INDEX provisioning_log_age ON provisioning_log (tenant_id, at)
