//go:build !compat

package pbxtest

// TestSuite is the suite of a Config that names none. With the build tag
// "compat" it is SuiteOldest, so that every test runs on the oldest Asterisk.
const TestSuite = SuiteDefault
