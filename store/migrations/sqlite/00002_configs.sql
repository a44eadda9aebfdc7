-- +goose Up

-- The text of every configuration that was in force, under the hash that config.changed names.
CREATE TABLE configs (
  hash     TEXT PRIMARY KEY,
  first_us INTEGER NOT NULL,
  text     TEXT NOT NULL
) WITHOUT ROWID;
