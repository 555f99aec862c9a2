#!/usr/bin/env python3
"""film_grain.py WIDTH HEIGHT: the film's grain, around grey 128, as a binary PPM to stdout.

It is the same for every frame and within +-1 level: enough that the long dark
gradients do not band, and too little to shimmer.
"""
import random
import sys

w, h = map(int, sys.argv[1:])
# A 0/1 noise added to itself one pixel right, one down and both: 0..4 around 2.
bits = random.Random(1).randbytes(w * h + w + 1).translate(bytes(v & 1 for v in range(256)))
soft = sum(int.from_bytes(bits[o:o + w * h], 'little') for o in (0, 1, w, w + 1)).to_bytes(w * h, 'little')
grey = soft.translate(bytes((127, 127, 128, 129, 129)) + bytes(251))
out = bytearray(w * h * 3)
for c in range(3):
    out[c::3] = grey
sys.stdout.buffer.write(b'P6\n%d %d\n255\n' % (w, h) + out)
