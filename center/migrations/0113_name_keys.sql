-- How the keys of names were made: 0 in lower case, 1 as scim::caseless says. The next start brings them up to date.
ALTER TABLE instances ADD COLUMN name_keys BIGINT NOT NULL DEFAULT 0
