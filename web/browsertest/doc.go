// Package browsertest drives the agent desktop in a headless Chromium against the real hub and the real web server.
// It is a package of its own so that a quick run of the tests can leave it out. scripts/browser.sh gets the browser.
package browsertest
