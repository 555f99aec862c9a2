#!/usr/bin/env python3
"""The manifesto film "To the greatness of small", as frames.

film.py FRAME             one frame as SVG to stdout
film.py FOLDER [STEP]     every (STEPth) frame as FOLDER/00000.png, two at a time
film.py                   the number of frames

A shot is a module with LENGTH, in seconds, and shot(sheet, t), where t counts
from its start.  Shots overlap by DISSOLVE.  A frame depends on its number alone.
"""
import multiprocessing
import os
import subprocess
import sys

sys.dont_write_bytecode = True
import film_lake
import film_seedling
import film_wave
from film_ease import alpha, ease
from kit import Sheet

FPS, WIDTH, HEIGHT = 30, 1920, 1080
DISSOLVE = 1.2
SHOTS = (film_seedling, film_wave, film_lake)


def starts():
    at, out = 0.0, []
    for shot in SHOTS:
        out.append(at)
        at += shot.LENGTH - DISSOLVE
    return out, at + DISSOLVE


def frames():
    return round(starts()[1] * FPS)


def frame(number):
    t, sheet = number / FPS, Sheet(2 * WIDTH, 2 * HEIGHT)
    for shot, start in zip(SHOTS, starts()[0]):
        if not start <= t < start + shot.LENGTH:
            continue
        # The first shot is whole from its first frame: the player itself fades the film in.
        there = 1.0 if start == 0 else ease(t, start, start + DISSOLVE)
        if there == 1.0:
            sheet.body.clear()
            shot.shot(sheet, t - start)
        elif there > 0:
            sheet.open(opacity=alpha(there))
            shot.shot(sheet, t - start)
            sheet.close()
    return sheet.svg()


def render(job):
    folder, number, name = job
    subprocess.run(['rsvg-convert', '-w', str(WIDTH), '-o', os.path.join(folder, '%05d.png' % name)],
                   input=frame(number).encode(), check=True)


def main(args):
    if not args:
        print(frames())
    elif args[0].isdigit():
        sys.stdout.write(frame(int(args[0])))
    else:
        step = int(args[1]) if len(args) > 1 else 1
        jobs = [(args[0], number, i) for i, number in enumerate(range(0, frames(), step))]
        with multiprocessing.Pool(2) as pool:
            for _ in pool.imap_unordered(render, jobs):
                pass


if __name__ == '__main__':
    main(sys.argv[1:])
