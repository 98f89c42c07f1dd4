-- What the target is: Aws, Generic, or NULL where its address says it.
ALTER TABLE provisioning_jobs ADD COLUMN personality {text}
