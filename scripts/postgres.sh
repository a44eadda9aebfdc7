#!/bin/sh
# Makes sure that a PostgreSQL server for the tests of lookup is here: Debian's package.
set -eu
there() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
if ! there; then
	if [ "$(id -u)" != 0 ]; then
		echo "The tests of databases need PostgreSQL. Run: sudo apt-get install -y --no-install-recommends postgresql" >&2
		exit 1
	fi
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends postgresql
fi
there
