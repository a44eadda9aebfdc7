#!/bin/sh
# Makes sure that what runs the example desktops is here: Python 3.8 or later, and Node.js 20.10 or later, the first that has a
# websocket of its own. Debian 13's packages will do.
set -eu

fits() {
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null &&
		node -e 'const [major, minor] = process.versions.node.split("."); process.exit(+major > 20 || +major === 20 && +minor >= 10 ? 0 : 1)' 2>/dev/null
}

if ! fits && [ "$(id -u)" = 0 ]; then
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends python3 nodejs
fi
if ! fits; then
	echo "The example desktops need Python 3.8 and Node.js 20.10 or later. Debian 13: sudo apt-get install -y python3 nodejs; elsewhere see nodejs.org" >&2
	exit 1
fi
