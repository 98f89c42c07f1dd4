-- Other systems that are told of changes of users and groups.
CREATE TABLE event_targets (
  instance_id {text} NOT NULL,
  id {text} NOT NULL,
  url TEXT NOT NULL,
  -- Whether it may be in a private network.
  allow_private BIGINT NOT NULL,
  secret_sealed {blob} NOT NULL,
  paused BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  -- The last entry of the event log that was accepted or is not for it.
  cursor_epoch BIGINT NOT NULL,
  cursor_seq BIGINT NOT NULL,
  delivered_at BIGINT,
  -- When the next request may go out.
  next_at BIGINT NOT NULL,
  -- Requests that failed since the last that was accepted; since when; and why the last one did, for people.
  failures BIGINT NOT NULL,
  failing_since BIGINT,
  failure TEXT,
  -- Who delivers to it, and until when nobody else may.
  lease_holder {text},
  lease_until BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id)
)
