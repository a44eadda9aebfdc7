#!/bin/sh
# Re-creates web/desktop/vendor: the page's libraries, at the versions below, from the npm registry. Two are files of their
# packages; JsSIP, the telephone in the page, has no browser file in its package, so esbuild makes one of it and what it needs.
# The files are committed, so neither build nor tests need this; a test compares them with SHA256SUMS.
set -eu
cd "$(dirname "$0")/.."
out=$PWD/web/desktop/vendor
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fetch() { # package version file-in-package name
	(cd "$tmp" && npm pack --silent "$1@$2" >/dev/null && tar xf "$1-$2.tgz")
	# The source map is not shipped, so its mention would only be a request that fails.
	sed '/^\/\/# sourceMappingURL=/d' "$tmp/package/$3" >"$out/$1.js"
	cp "$tmp/package/LICENSE" "$out/$1.LICENSE"
	rm -rf "$tmp/package"
}

# What JsSIP needs is pinned as well: its package names ranges only.
parts="jssip@3.13.8 debug@4.4.3 ms@2.1.3 events@3.3.0 sdp-transform@2.15.0"
bundle() {
	mkdir "$tmp/jssip"
	cd "$tmp/jssip"
	echo '{"private": true}' >package.json
	# shellcheck disable=SC2086 # one argument for each package
	npm install --silent --no-audit --no-fund --ignore-scripts --save-exact $parts esbuild@0.28.2 >/dev/null
	echo 'export { UA, WebSocketInterface } from "jssip";' >entry.js
	node_modules/.bin/esbuild entry.js --bundle --minify --format=esm --platform=browser --target=es2022 --legal-comments=none \
		--log-level=warning --outfile="$out/jssip.js"
	: >"$out/jssip.LICENSE"
	for part in $parts; do
		name=${part%@*}
		licence=$(find "node_modules/$name" -maxdepth 1 -iname 'licen[cs]e*' | sort | head -n 1)
		[ -n "$licence" ] || { echo "$part has no licence file" >&2; exit 1; }
		printf '%s, of which jssip.js has a part:\n\n%s\n\n' "$part" "$(cat "$licence")" >>"$out/jssip.LICENSE"
	done
}
mkdir -p "$out"
fetch preact 10.29.8 dist/preact.module.js
fetch htm 3.1.1 dist/htm.module.js
(bundle)
cd "$out"
sha256sum htm.LICENSE htm.js jssip.LICENSE jssip.js preact.LICENSE preact.js >SHA256SUMS
cat SHA256SUMS
