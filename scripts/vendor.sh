#!/bin/sh
# Re-creates web/desktop/vendor: the page's two libraries, at the versions below, from the npm registry.
# The files are committed, so neither build nor tests need this; a test compares them with SHA256SUMS.
set -eu
cd "$(dirname "$0")/.."
out=web/desktop/vendor
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fetch() { # package version file-in-package name
	(cd "$tmp" && npm pack --silent "$1@$2" >/dev/null && tar xf "$1-$2.tgz")
	# The source map is not shipped, so its mention would only be a request that fails.
	sed '/^\/\/# sourceMappingURL=/d' "$tmp/package/$3" >"$out/$1.js"
	cp "$tmp/package/LICENSE" "$out/$1.LICENSE"
	rm -rf "$tmp/package"
}
mkdir -p "$out"
fetch preact 10.29.8 dist/preact.module.js
fetch htm 3.1.1 dist/htm.module.js
(cd "$out" && sha256sum htm.LICENSE htm.js preact.LICENSE preact.js >SHA256SUMS)
cat "$out/SHA256SUMS"
