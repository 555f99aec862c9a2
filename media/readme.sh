#!/bin/sh
# Makes README's moving picture with the player itself: build/duckling, and img2webp from Debian's package webp.
set -eu
cd "$(dirname "$0")/.."
frames=$(mktemp -d)
trap 'rm -rf "$frames"' EXIT
# One whole loop of eight seconds, so that the picture has no seam.
build/duckling preview playlists/crossfade.json --timezone UTC --at 2026-02-06T12:00:02 --size 800x450 \
    --frames 96 --fps 12 -o "$frames/%d.png"
img2webp -loop 0 -d 83 -lossy -q 62 -m 6 "$frames"/*.png -o media/readme-crossfade.webp
