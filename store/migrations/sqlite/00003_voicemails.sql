-- +goose Up

ALTER TABLE interactions ADD COLUMN disposition TEXT NOT NULL DEFAULT '';
ALTER TABLE interactions ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';

-- A message that a caller leaves: first that it is about to be recorded, then where it lies. Who left it is sealed.
CREATE TABLE voicemails (
  id       TEXT PRIMARY KEY,
  mailbox  TEXT NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('recording', 'stored', 'kept', 'gone')),
  call     TEXT NOT NULL,
  node     TEXT NOT NULL,
  name     TEXT NOT NULL,
  at_us    INTEGER NOT NULL,
  least_ms INTEGER NOT NULL,
  ms       INTEGER NOT NULL,
  size     INTEGER NOT NULL,
  sha256   TEXT NOT NULL,
  person   TEXT NOT NULL,
  personal INTEGER,
  caller   TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX voicemails_mailbox ON voicemails (mailbox, at_us) WHERE state IN ('stored', 'kept');
CREATE INDEX voicemails_open ON voicemails (node, at_us) WHERE state <> 'kept';

-- +goose Down
DROP TABLE voicemails;
ALTER TABLE interactions DROP COLUMN tags;
ALTER TABLE interactions DROP COLUMN disposition;
