// Package bench holds the long measurements on a real Asterisk: ctid beside Asterisk's own queue under the same load,
// and the soak. They are tests with the build tag long; scripts/long runs them by name and keeps their figures.
package bench
