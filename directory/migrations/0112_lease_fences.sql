-- The number of a lease: each time somebody takes it, it rises, so that who had it before can be told from who has it.
ALTER TABLE leases ADD COLUMN fence BIGINT NOT NULL DEFAULT 0
