//go:build compat

package pbxtest

// TestSuite is the suite of a Config that names none.
const TestSuite = SuiteOldest
