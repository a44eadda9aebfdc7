-- +goose Up

-- One value a line: check of the key file, reserved numbers of the log, head of the audit chain.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE epochs (
  epoch      TEXT PRIMARY KEY,
  started_us INTEGER NOT NULL,
  first_seq  INTEGER NOT NULL
) WITHOUT ROWID;

-- The key of a person, wrapped by the key file. Deleting the row erases every text sealed under it.
-- AUTOINCREMENT: the number of an erased key is never given to another.
CREATE TABLE person_keys (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  person  TEXT NOT NULL UNIQUE,
  wrapped BLOB NOT NULL
);

CREATE TABLE personal (
  id     INTEGER PRIMARY KEY,
  key_id INTEGER NOT NULL,
  person TEXT NOT NULL,
  sealed BLOB NOT NULL
);

-- An unmatched caller's hash and the customer he proved to be.
CREATE TABLE person_joins (
  hash      TEXT NOT NULL,
  customer  TEXT NOT NULL,
  joined_us INTEGER NOT NULL,
  PRIMARY KEY (hash, customer)
) WITHOUT ROWID;
CREATE INDEX person_joins_customer ON person_joins (customer);

CREATE TABLE log (
  seq      INTEGER PRIMARY KEY,
  epoch    TEXT NOT NULL,
  at_us    INTEGER NOT NULL,
  kind     TEXT NOT NULL,
  v        INTEGER NOT NULL,
  subject  TEXT NOT NULL,
  person   TEXT NOT NULL,
  personal INTEGER,
  body     TEXT NOT NULL
);
CREATE INDEX log_subject ON log (subject, seq);

CREATE TABLE calls (
  id           TEXT PRIMARY KEY,
  node         TEXT NOT NULL,
  dir          TEXT NOT NULL,
  arrived_us   INTEGER NOT NULL,
  answered_us  INTEGER,
  connected_us INTEGER,
  ended_us     INTEGER,
  queue        TEXT NOT NULL,
  agent        TEXT NOT NULL,
  ani          TEXT NOT NULL,
  dnis         TEXT NOT NULL,
  customer     TEXT NOT NULL,
  outcome      TEXT NOT NULL,
  disposition  TEXT NOT NULL,
  end_side     TEXT,
  end_reason   TEXT,
  wait_ms      INTEGER NOT NULL,
  talk_ms      INTEGER NOT NULL,
  hold_ms      INTEGER NOT NULL,
  offers       INTEGER NOT NULL,
  person       TEXT NOT NULL,
  personal     INTEGER,
  record       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX calls_arrived ON calls (arrived_us);
CREATE INDEX calls_open ON calls (arrived_us) WHERE end_side IS NULL;
CREATE INDEX calls_customer ON calls (customer, arrived_us) WHERE customer <> '';
CREATE INDEX calls_ani ON calls (ani, arrived_us) WHERE ani <> '';

-- A call ends once. Paperwork that comes later leaves end_side out of its update and so passes.
-- +goose StatementBegin
CREATE TRIGGER calls_end_once BEFORE UPDATE OF end_side ON calls WHEN OLD.end_side IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'this call has already ended');
END;
-- +goose StatementEnd

CREATE TABLE companies (
  id   TEXT PRIMARY KEY,
  name TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE customers (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  company    TEXT REFERENCES companies (id),
  lang       TEXT NOT NULL,
  vip        INTEGER NOT NULL,
  tier       TEXT NOT NULL,
  account    TEXT NOT NULL,
  last_agent TEXT NOT NULL,
  tags       TEXT NOT NULL,
  fields     TEXT NOT NULL,
  changed_us INTEGER NOT NULL,
  erased_us  INTEGER
) WITHOUT ROWID;
CREATE INDEX customers_account ON customers (account) WHERE account <> '';

CREATE TABLE customer_numbers (
  customer TEXT NOT NULL REFERENCES customers (id),
  n        INTEGER NOT NULL,
  e164     TEXT NOT NULL,
  PRIMARY KEY (customer, n)
) WITHOUT ROWID;
CREATE UNIQUE INDEX customer_numbers_e164 ON customer_numbers (e164, customer);

CREATE TABLE cases (
  id        TEXT PRIMARY KEY,
  customer  TEXT NOT NULL REFERENCES customers (id),
  title     TEXT NOT NULL,
  state     TEXT NOT NULL,
  owner     TEXT NOT NULL,
  opened_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX cases_customer ON cases (customer, opened_us);

CREATE TABLE interactions (
  call         TEXT PRIMARY KEY,
  customer     TEXT NOT NULL,
  at_us        INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  dir          TEXT NOT NULL,
  agent        TEXT NOT NULL,
  queue        TEXT NOT NULL,
  outcome      TEXT NOT NULL,
  person       TEXT NOT NULL,
  personal     INTEGER,
  note         TEXT NOT NULL,
  delivered_us INTEGER
) WITHOUT ROWID;
CREATE INDEX interactions_customer ON interactions (customer, at_us) WHERE customer <> '';

CREATE TABLE outbox (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  call       TEXT NOT NULL,
  kind       TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('due', 'claimed', 'done', 'given_up')),
  due_us     INTEGER NOT NULL,
  attempts   INTEGER NOT NULL,
  ref        TEXT NOT NULL,
  error      TEXT NOT NULL,
  personal   INTEGER,
  body       TEXT NOT NULL,
  UNIQUE (call, kind)
);
CREATE INDEX outbox_due ON outbox (due_us, id) WHERE state IN ('due', 'claimed');

CREATE TABLE users (
  name       TEXT PRIMARY KEY,
  hash       TEXT NOT NULL,
  roles      TEXT NOT NULL,
  agent      TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  disabled   INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE tokens (
  hash       TEXT PRIMARY KEY,
  user       TEXT NOT NULL REFERENCES users (name),
  created_us INTEGER NOT NULL,
  expires_us INTEGER NOT NULL,
  used_us    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tokens_user ON tokens (user);
CREATE INDEX tokens_expires ON tokens (expires_us);

CREATE TABLE audit (
  n        INTEGER PRIMARY KEY,
  at_us    INTEGER NOT NULL,
  who      TEXT NOT NULL,
  role     TEXT NOT NULL,
  via      TEXT NOT NULL,
  address  TEXT NOT NULL,
  op       TEXT NOT NULL,
  target   TEXT NOT NULL,
  outcome  TEXT NOT NULL,
  trace    TEXT NOT NULL,
  personal INTEGER,
  detail   TEXT NOT NULL,
  prev     TEXT NOT NULL,
  hash     TEXT NOT NULL
);
-- +goose StatementBegin
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'audit rows are never changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
  SELECT RAISE(ABORT, 'audit rows are never deleted');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE audit;
DROP TABLE tokens;
DROP TABLE users;
DROP TABLE outbox;
DROP TABLE interactions;
DROP TABLE cases;
DROP TABLE customer_numbers;
DROP TABLE customers;
DROP TABLE companies;
DROP TABLE calls;
DROP TABLE log;
DROP TABLE person_joins;
DROP TABLE personal;
DROP TABLE person_keys;
DROP TABLE epochs;
DROP TABLE meta;
