// Package desktop is the agent's desktop: a page of plain ES modules that runs as it lies here, without a build step.
package desktop

import (
	"embed"
	"io/fs"
)

//go:embed index.html *.js *.css vendor
var files embed.FS

// Files returns the page's files; index.html is its start.
func Files() fs.FS { return files }
