# make demo [CALLS=5]   a call centre on a real Asterisk, calls and all; prints the desktop's address and log-in
# make test             every test: cores, the simulated and the real Asterisk 22, the browser (at most 15 min cold)
# make test-quick       the tests that need no server (under a minute)
# make check            format, vet, lint, imports, generated files, documents (at most 7 min cold)
# make compat           the real-Asterisk tests on Asterisk 16
# make bench            the benchmarks, each beside its baseline (at most 5 min)
# make long NAME=fuzz   long runs, each at most 45 min: scripts/long names them; figures go to docs/measurements.md
# make build            bin/ctid
# make vendor           the page's libraries anew from the npm registry, at the pinned versions; the files are committed
export GOTOOLCHAIN := local

.PHONY: help demo test test-quick check compat bench long build vendor
help:
	@sed -n 's/^# //p' Makefile

build:
	go build -o bin/ctid ./cmd/ctid

vendor:
	@scripts/vendor.sh

demo: build
	bin/ctid demo $(if $(CALLS),--calls $(CALLS) --exit)

test:
	@scripts/test

test-quick:
	@scripts/test quick

compat:
	@scripts/test compat

check:
	@scripts/check

bench:
	go test -run '^$$' -bench . -benchmem -timeout 5m $$(grep -rl --include='*_test.go' --exclude-dir=centrifuge '^func Benchmark' . | xargs -n1 dirname | sort -u)
	cd bench/centrifuge && go test -run '^$$' -bench . -benchtime 1x -timeout 5m

long:
	@scripts/long '$(NAME)'
