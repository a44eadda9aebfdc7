// Package desktop is the agent's desktop and the wallboard: pages of plain ES modules that run as they lie here, without a build step.
package desktop

import (
	"embed"
	"io/fs"
)

//go:embed *.html *.js *.css vendor
var files embed.FS

// Files returns the pages' files; index.html is the start of the desktop, Wallboard that of the wallboard.
func Files() fs.FS { return files }

// Wallboard is the file that the wallboard starts with.
const Wallboard = "wallboard.html"
