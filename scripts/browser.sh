#!/bin/sh
# Makes sure that a headless Chromium for web/browsertest is here: Debian's package.
set -eu
if command -v chromium >/dev/null; then
	chromium --version
	exit 0
fi
if [ "$(id -u)" != 0 ]; then
	echo "The browser tests need Chromium. Run: sudo apt-get install -y --no-install-recommends chromium" >&2
	exit 1
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium
chromium --version
