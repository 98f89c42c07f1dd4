-- Every change and who made it. Appended in the transaction of the change itself.
CREATE TABLE events (
  seq {serial},
  epoch BIGINT NOT NULL,
  realm {text} NOT NULL,
  at BIGINT NOT NULL,
  actor {text} NOT NULL,
  action {text} NOT NULL,
  subject_type {text} NOT NULL,
  subject_id {text} NOT NULL,
  before TEXT,
  after TEXT
);
CREATE INDEX events_feed ON events (realm, epoch, seq);
CREATE INDEX events_subject ON events (realm, subject_id, epoch, seq);

-- Signed-in browsers. The cookie's token is stored as its SHA-256.
CREATE TABLE sessions (
  token_sha256 {blob} NOT NULL PRIMARY KEY,
  realm {text} NOT NULL,
  audience {text} NOT NULL,
  subject_id {text} NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX sessions_subject ON sessions (realm, subject_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Failures that slow a guesser down, by what was guessed at.
CREATE TABLE throttles (
  realm {text} NOT NULL,
  subject {text} NOT NULL,
  failures BIGINT NOT NULL,
  blocked_until BIGINT NOT NULL,
  PRIMARY KEY (realm, subject)
);

-- Who does a piece of work that only one process may do at a time.
CREATE TABLE leases (
  realm {text} NOT NULL,
  name {text} NOT NULL,
  holder {text} NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (realm, name)
)
