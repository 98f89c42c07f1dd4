-- Who is not owned by automatic provisioning, and who is disabled: few among many, so neither index costs anything
-- for all the others. The conditions stand in the queries letter by letter, or the engines would not use them.
CREATE INDEX users_foreign ON users (instance_id, user_name_key)
  WHERE owner <> 'scim' AND owner NOT LIKE 'scim:%';
CREATE INDEX groups_foreign ON groups (instance_id, display_name_key)
  WHERE owner <> 'scim' AND owner NOT LIKE 'scim:%';
CREATE INDEX users_inactive ON users (instance_id, id) WHERE active = 0
;

-- SQLite, which has no figures about the rows, took a pass over everybody in the order of the ids for cheaper than an
-- index without the id.
DROP INDEX users_external_id;
DROP INDEX groups_external_id;
CREATE INDEX users_external_id ON users (instance_id, external_id, id);
CREATE INDEX groups_external_id ON groups (instance_id, external_id, id)
