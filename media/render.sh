#!/bin/sh
# Renders the campaign pictures of media/src into media/, landscape 3840x2160
# and portrait 2160x3840.  Usage: media/render.sh [NAME...]  (all by default)
# Debian packages: python3 librsvg2-bin netpbm libjpeg-turbo-progs webp
set -eu

cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

[ $# -gt 0 ] || set -- boat ducklings hockey seedling shop
for name; do
    for file in "$name" "$name-portrait"; do
        python3 src/draw.py "$file" >"$tmp/a.svg"
        rsvg-convert -o "$tmp/a.png" "$tmp/a.svg"
        pngtopnm "$tmp/a.png" | python3 src/grain.py >"$tmp/a.ppm"
        case $name in
        # No smoothing, or the grain is lost and the gradients band.
        seedling) cwebp -quiet -q 98 -f 0 -sns 0 "$tmp/a.ppm" -o "$file.webp" ;;
        # Baseline, full chroma: quick to decode, and the yellow keeps its edge.
        *) cjpeg -quality 90 -sample 1x1 -optimize -outfile "$file.jpg" "$tmp/a.ppm" ;;
        esac
    done
done
