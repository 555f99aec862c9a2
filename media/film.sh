#!/bin/sh
# Makes media/manifesto.mp4 from media/src, in about five minutes on two free cores.
# Usage: media/film.sh
# Debian packages: python3 librsvg2-bin ffmpeg
set -eu

cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

nice -n 19 python3 src/film.py "$tmp"
python3 src/film_grain.py 1920 1080 >"$tmp/grain.ppm"

# The grain goes on before the colors are rounded to video's range.  A closed
# group of pictures each second lets a player that joins late find its frame;
# bitexact and a fixed number of threads give the same bytes on every run.  Level
# 4.0 is what any hardware decoder takes.  Key frames are no finer than the rest:
# the grain would make them twice as large, for nothing that shows.
nice -n 19 ffmpeg -nostdin -loglevel error -y -framerate 30 -i "$tmp/%05d.png" -loop 1 -framerate 30 -i "$tmp/grain.ppm" \
    -filter_complex "[0:v]format=gbrp[film];[1:v]format=gbrp[grain];
        [film][grain]blend=all_mode=grainmerge:shortest=1,
        scale=out_color_matrix=bt709:out_range=tv:flags=bitexact+accurate_rnd+full_chroma_int,format=yuv420p[out]" \
    -map '[out]' -an -map_metadata -1 -fflags +bitexact -flags:v +bitexact \
    -c:v libx264 -preset slower -profile:v high -level:v 4.0 -refs 4 -crf 25.5 -threads 2 -g 30 -keyint_min 30 -sc_threshold 0 \
    -x264-params open-gop=0:aq-mode=3:ipratio=1.0:pbratio=1.0 \
    -color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv \
    -movflags +faststart "$tmp/manifesto.mp4"
mv "$tmp/manifesto.mp4" manifesto.mp4
