#!/usr/bin/env python3
"""grain.py: a binary PPM from stdin to stdout, with fine grain.

The grain is grey, 2 pixels wide, within +-2 levels: enough that the long
gradients never band.  The sum is done on the whole picture as one big number,
a byte per sample; the samples are held off 0 and 255 first, so none overflows.
"""
import random
import sys

data = sys.stdin.buffer.read()
head, size = data.split(b'\n255\n', 1)[0] + b'\n255\n', data.split(None, 3)[1:3]
w, h = map(int, size)
px = data[len(head):].translate(bytes(min(max(v, 2), 253) for v in range(256)))

# A 0/1 noise added to itself one pixel right, one down and both: 0..4 around 2.
bits = random.Random(1).randbytes(w * h + w + 1).translate(bytes(v & 1 for v in range(256)))
soft = sum(int.from_bytes(bits[o:o + w * h], 'little') for o in (0, 1, w, w + 1)).to_bytes(w * h, 'little')
noise = bytearray(w * h * 3)
for c in range(3):
    noise[c::3] = soft
total = int.from_bytes(px, 'little') + int.from_bytes(noise, 'little') - int.from_bytes(b'\2' * len(px), 'little')
sys.stdout.buffer.write(head + total.to_bytes(len(px), 'little'))
