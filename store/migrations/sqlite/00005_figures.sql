-- +goose Up

-- Whom a fact is about beside its subject, so that figures can be folded from the log alone.
ALTER TABLE log ADD COLUMN queue TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN agent TEXT NOT NULL DEFAULT '';

-- What was folded from the log, up to which row, so that a start folds only the rest.
CREATE TABLE folds (
  name     TEXT PRIMARY KEY,
  seq      INTEGER NOT NULL,
  saved_us INTEGER NOT NULL,
  body     TEXT NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE folds;
ALTER TABLE log DROP COLUMN agent;
ALTER TABLE log DROP COLUMN queue;
