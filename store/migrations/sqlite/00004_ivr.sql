-- +goose Up

-- Every version of all scripts that is in force, may be gone back to, or has a call. body is compressed.
CREATE TABLE ivr_sets (
  sum      TEXT PRIMARY KEY,
  first_us INTEGER NOT NULL,
  used_us  INTEGER NOT NULL,
  body     BLOB NOT NULL
) WITHOUT ROWID;

-- Which set was put in force when; the last row is in force.
CREATE TABLE ivr_versions (
  n     INTEGER PRIMARY KEY,
  sum   TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  why   TEXT NOT NULL
);

-- The canaries; the last row is the latest. The calls behind row first of ivr_calls are its; upto is the last it has counted.
CREATE TABLE ivr_canaries (
  n     INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,
  upto  INTEGER NOT NULL,
  state TEXT NOT NULL
);

-- What became of the scripts of the calls that have ended, in the order of their ends. caller is a keyed hash.
CREATE TABLE ivr_calls (
  n           INTEGER PRIMARY KEY AUTOINCREMENT,
  call        TEXT NOT NULL UNIQUE,
  sum         TEXT NOT NULL,
  caller      TEXT NOT NULL,
  ended_us    INTEGER NOT NULL,
  errors      INTEGER NOT NULL,
  failed      INTEGER NOT NULL,
  hung_up     INTEGER NOT NULL,
  last_resort INTEGER NOT NULL
);
CREATE INDEX ivr_calls_caller ON ivr_calls (caller, n);
CREATE INDEX ivr_calls_ended ON ivr_calls (ended_us);

-- What the steps of scripts took, in the order of each call.
CREATE TABLE ivr_inputs (
  call     TEXT NOT NULL,
  n        INTEGER NOT NULL,
  at_us    INTEGER NOT NULL,
  script   TEXT NOT NULL,
  node     TEXT NOT NULL,
  step     INTEGER NOT NULL,
  verb     TEXT NOT NULL,
  kind     TEXT NOT NULL,
  outcome  TEXT NOT NULL,
  keys     INTEGER NOT NULL,
  masked   INTEGER NOT NULL,
  personal INTEGER,
  told     TEXT NOT NULL,
  PRIMARY KEY (call, n)
) WITHOUT ROWID;
CREATE INDEX ivr_inputs_at ON ivr_inputs (at_us);

-- +goose Down
DROP TABLE ivr_inputs;
DROP TABLE ivr_calls;
DROP TABLE ivr_canaries;
DROP TABLE ivr_versions;
DROP TABLE ivr_sets;
