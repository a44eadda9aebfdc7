package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Verify checks the database: its pages, its schema's rules, the audit chain, that every ended call has its
// interaction and its outbox row, and that every sealed text whose person has a key opens. It returns what it found
// wrong, a sentence each; the error says only that it could not look.
func (s *Store) Verify(ctx context.Context) (findings []string, err error) {
	var pages []string
	if err := s.read.SelectContext(ctx, &pages, s.d.sql(sqlIntegrity)); err != nil {
		return nil, s.d.explain(err)
	}
	if len(pages) != 1 || pages[0] != "ok" {
		findings = append(findings, pages...)
	}
	for _, c := range []struct{ say, query string }{
		{"ended calls without an interaction: %d", `SELECT count(*) FROM calls c WHERE end_side IS NOT NULL AND NOT EXISTS (SELECT 1 FROM interactions i WHERE i.call = c.id)`},
		{"ended calls without an outbox row: %d", `SELECT count(*) FROM calls c WHERE end_side IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.call = c.id)`},
		{"interactions of calls that have not ended: %d", `SELECT count(*) FROM interactions i WHERE NOT EXISTS (SELECT 1 FROM calls c WHERE c.id = i.call AND c.end_side IS NOT NULL)`},
		{"rows of the log above what is reserved: %d", `SELECT count(*) FROM log WHERE seq >= (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'seq_reserved')`},
	} {
		var n int
		if err := s.read.GetContext(ctx, &n, c.query); err != nil {
			return findings, s.d.explain(err)
		}
		if n > 0 {
			findings = append(findings, fmt.Sprintf(c.say, n))
		}
	}
	if _, err := s.VerifyAudit(ctx); err != nil {
		findings = append(findings, err.Error())
	}
	bad, err := s.verifySealed(ctx)
	return append(findings, bad...), err
}

// verifySealed reads every row of the log, every record and every input of a script once.
func (s *Store) verifySealed(ctx context.Context) (findings []string, err error) {
	rows, err := s.read.QueryxContext(ctx, `SELECT 'log/' || r.seq AS owner,`+sealedColumns+`FROM log r`+sealedJoin+`WHERE p.id IS NOT NULL AND k.id IS NOT NULL
 UNION ALL SELECT 'call/' || r.id AS owner,`+sealedColumns+`FROM calls r`+sealedJoin+`WHERE p.id IS NOT NULL AND k.id IS NOT NULL
 UNION ALL SELECT 'ivr/' || r.call || '/' || r.n AS owner,`+sealedColumns+`FROM ivr_inputs r`+sealedJoin+`WHERE p.id IS NOT NULL AND k.id IS NOT NULL`)
	if err != nil {
		return nil, s.d.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r struct {
			Owner string `db:"owner"`
			sealed
		}
		if err := rows.StructScan(&r); err != nil {
			return findings, s.d.explain(err)
		}
		if _, err := s.openSealed(r.Owner, r.sealed); err != nil {
			findings = append(findings, fmt.Sprintf("sealed texts of %s don't open: %v", r.Owner, err))
		}
	}
	return findings, s.d.explain(rows.Err())
}

// Backup writes a copy of the database as it is now to path, which must not exist, while ctid goes on working. The key
// file is not in it: keep a copy of that elsewhere, for without it the backup's names and numbers can't be read.
func (s *Store) Backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("store: backup: %s exists already: name a new file", path)
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil || !dir.IsDir() {
		return fmt.Errorf("store: backup: there is no folder %s", filepath.Dir(path))
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // the copy takes over this mode
	if err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	db, err := s.d.open(roleMigrator)
	if err != nil {
		return s.d.explain(err)
	}
	_, err = db.ExecContext(ctx, s.d.sql(sqlBackup), path)
	if err = errors.Join(err, db.Close()); err == nil {
		err = syncFile(path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("store: backup to %s: %w", path, s.d.explain(err)), os.Remove(path))
	}
	return nil
}

// syncFile has a file's content on the disk when it returns nil.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
