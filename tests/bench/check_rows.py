"""The rows of check: what another look at an unchanged playlist costs. Processor time is that of check and of all its workers."""
import os
import resource
import statistics
import tempfile
from pathlib import Path

import player
from film_rows import make_films

FILMS, ROUNDS = 10, 15


def processor_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def look(path, cache, *options):
    before = processor_s()
    done = player.run("check", path, "--timezone", "UTC", *options, XDG_CACHE_HOME=str(cache))
    assert "0 faults" in done.stdout, done.stdout + done.stderr
    return processor_s() - before


def times(row, name, used, limit=""):
    used.sort()
    row(name, f"{statistics.median(used):.2f} s", f"{used[min(len(used) - 1, int(len(used) * 0.95))]:.2f} s", limit)


def check(row):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        cache = folder / "cache"
        make_films(folder)
        data = (folder / "a.mp4").read_bytes()
        # Each is a file of its own: a box of bytes that mean nothing, of another number, stands behind it.
        for i in range(FILMS):
            (folder / f"{i}.mp4").write_bytes(data + (12).to_bytes(4, "big") + b"free" + i.to_bytes(4, "big"))
        path = folder / "p.json"
        player.playlist(path, {f"s{i}": {"video": f"{i}.mp4", "duration": 8} for i in range(FILMS)})
        times(row, "check of a playlist with ten films of 10 s, 1080p, for the first time, processor time", [look(path, cache)])
        look(path, cache)  # by now the files are old enough to be known by their times
        times(row, "the same again, nothing changed, processor time", [look(path, cache) for _ in range(ROUNDS)], "0.3 s")
        renewed = []
        for _ in range(ROUNDS):
            for i in range(FILMS):
                os.utime(folder / f"{i}.mp4")
            renewed.append(look(path, cache))
        times(row, "the same again, all films copied anew (their bytes are read), processor time", renewed, "0.3 s")
