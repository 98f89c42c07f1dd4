-- How many requests a second a token of automatic provisioning may send.
ALTER TABLE instances ADD COLUMN scim_requests_per_second BIGINT NOT NULL DEFAULT 1000;
-- The last warning of a token's end, in days before it; 0: that it has ended.
ALTER TABLE scim_tokens ADD COLUMN warned_days BIGINT
