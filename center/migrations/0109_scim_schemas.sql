-- Extension schemas that administrators define, with their URNs in lower case.
CREATE TABLE scim_schemas (
  instance_id {text} NOT NULL,
  urn_key {text} NOT NULL,
  resource_type {text} NOT NULL,
  definition TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, urn_key)
);

-- Which users and groups have values of them.
CREATE TABLE scim_schema_uses (
  instance_id {text} NOT NULL,
  urn_key {text} NOT NULL,
  resource_id {text} NOT NULL,
  PRIMARY KEY (instance_id, urn_key, resource_id)
) {without_rowid};
CREATE INDEX scim_schema_uses_resource ON scim_schema_uses (instance_id, resource_id);

-- The values that no two of them may share, as hashes.
CREATE TABLE scim_unique_values (
  instance_id {text} NOT NULL,
  urn_key {text} NOT NULL,
  attribute {text} NOT NULL,
  value_hash {text} NOT NULL,
  resource_id {text} NOT NULL,
  PRIMARY KEY (instance_id, urn_key, attribute, value_hash)
) {without_rowid};
CREATE INDEX scim_unique_values_resource ON scim_unique_values (instance_id, resource_id);

-- What a group has of them, by URN. Users have it in their resource.
ALTER TABLE groups ADD COLUMN extensions TEXT NOT NULL DEFAULT 'null'
