-- Whether a waiting object, once linked, has to go from the target or comes back to it: leaves, returns or stays.
-- NULL: not judged since it was marked. Who leaves is found and counted without a look at everybody who waits.
ALTER TABLE provisioning_pending ADD COLUMN direction {text};
CREATE INDEX provisioning_pending_direction
  ON provisioning_pending (tenant_id, application_id, direction, due_at, kind, source_id);
-- In the full order of work, so that a round reads no more rows than it takes.
DROP INDEX provisioning_pending_due;
CREATE INDEX provisioning_pending_due ON provisioning_pending (tenant_id, application_id, rank, due_at, source_id)
