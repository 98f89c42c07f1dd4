-- How often the whole target is compared by itself, in hours; NULL: never.
ALTER TABLE provisioning_jobs ADD COLUMN compare_every_hours BIGINT DEFAULT 24;
-- When next; NULL: that long after the job was in step for the first time.
ALTER TABLE provisioning_jobs ADD COLUMN compare_due_at BIGINT;

-- What a comparison found to be changed in the target by others, in words; NULL where the doubt is our own.
ALTER TABLE provisioning_unsure ADD COLUMN drift TEXT;
ALTER TABLE provisioning_unsure_members ADD COLUMN drift TEXT;

-- Comparisons with the target: those that wait, and what came of the newest.
CREATE TABLE provisioning_comparisons (
  tenant_id {text} NOT NULL,
  application_id {text} NOT NULL,
  id {text} NOT NULL,
  asked_at BIGINT NOT NULL,
  asked_by {text} NOT NULL,
  -- 1: nothing is changed by it.
  dry_run BIGINT NOT NULL,
  -- As many missing objects were looked at by an administrator and may be made again.
  allowed BIGINT NOT NULL,
  began_at BIGINT,
  -- NULL: it waits, runs, or was cut off and is begun again.
  ended_at BIGINT,
  -- done, incomplete or refused.
  outcome {text},
  code {text},
  reason TEXT,
  -- JSON.
  report TEXT,
  PRIMARY KEY (tenant_id, application_id, id)
);
