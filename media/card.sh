#!/bin/sh
# Draws the handbook's pictures of the test card with the player itself: build/duckling, and netpbm and cwebp to turn, cut and compress.
# In a network and under a name of their own, as the card says the machine's.
set -eu
cd "$(dirname "$0")/.."
if [ "${1:-}" != apart ]; then
    exec unshare --map-root-user --uts --net "$0" apart
fi
hostname lobby-3
ip link add box0 type veth peer name wall0
ip address add 192.168.10.21/24 dev box0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

draw()
{
    name=$1
    shift
    build/duckling identify --config none --size 1280x720 --timezone Asia/Seoul --language en -o "$folder/$name.png" "$@"
    pngtopnm "$folder/$name.png" >"$folder/$name.pnm"
}

# What cwebp reads is a PNG again.
keep()
{
    pnmtopng -quiet "$folder/$1.pnm" >"$folder/$1.png"
    cwebp -quiet -lossless -m 6 "$folder/$1.png" -o "packaging/doc/$1.webp"
}

draw card-landscape --at 2026-02-06T12:00:00.250
keep card-landscape

# As it is seen on a screen that hangs on its side.
draw turned --rotate 90 --at 2026-02-06T12:00:00.250
pnmflip -rotate90 "$folder/turned.pnm" >"$folder/card-portrait.pnm"
keep card-portrait

# The clock of two screens: in step above, and one of them 80 milliseconds late below.
draw late --at 2026-02-06T12:00:00.170
for screen in card-landscape late; do
    pamcut -left 480 -top 280 -width 320 -height 115 "$folder/$screen.pnm" >"$folder/$screen.cut"
done
ppmmake rgb:6b/8f/9b 8 115 >"$folder/upright"
ppmmake rgb:6b/8f/9b 648 8 >"$folder/level"
pamcat -leftright "$folder/card-landscape.cut" "$folder/upright" "$folder/card-landscape.cut" >"$folder/in-step"
pamcat -leftright "$folder/card-landscape.cut" "$folder/upright" "$folder/late.cut" >"$folder/late"
pamcat -topbottom "$folder/in-step" "$folder/level" "$folder/late" >"$folder/card-clocks.pnm"
keep card-clocks
