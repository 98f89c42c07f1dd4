-- Whether members of groups inside assigned groups count for this application: 0, 1, or NULL for the tenant's setting.
ALTER TABLE applications ADD COLUMN transitive_groups BIGINT
