"""The rows of films: decoding in the sandbox, and a wall that crossfades film to film, beside mpv and Chromium on the same screen.

All three get the same two films and the same X server. Chromium crossfades them by CSS opacity at the times at which the player
does; mpv, which can't crossfade, plays one of them. Processor time counts a program's processes, all of them, over whole slots of
the loop; memory is proportional (PSS) and the most that was seen."""
import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import player

TOP = Path(__file__).resolve().parents[2]
PROGRAM = TOP / "build/tests/bench/bench_film"
FPS, REFRESH_HZ = 30, 60
FILM_S, SLOT_S, FADE_S = 10, 6, 3
WINDOW_S, ROUNDS = 2 * SLOT_S, 2
TICKS = os.sysconf("SC_CLK_TCK")

PAGE = """<!doctype html><title>crossfade</title>
<style>body { margin: 0; background: #000; overflow: hidden }
video { position: absolute; inset: 0; width: 100vw; height: 100vh; object-fit: cover; opacity: 0;
    transition: opacity FADE_MSms linear }</style>
<video src="a.mp4" muted preload="auto"></video><video src="b.mp4" muted preload="auto"></video>
<script>
const films = [...document.querySelectorAll("video")];
let turn = -1, refreshes = 0;
function count() { refreshes++; requestAnimationFrame(count); }
function next() {
    const to = films[++turn % 2], from = films[(turn + 1) % 2];
    to.currentTime = 0;
    to.play();
    to.style.zIndex = turn;
    if (turn) {
        to.style.transition = "none";
        to.style.opacity = 0;
        to.offsetWidth;
        to.style.transition = "";
        setTimeout(() => from.pause(), FADE_MS);
    }
    to.style.opacity = 1;
}
function tell() {
    const qualities = films.map(film => film.getVideoPlaybackQuality());
    console.log("counts " + JSON.stringify({
        turn, refreshes,
        total: qualities.reduce((sum, one) => sum + one.totalVideoFrames, 0),
        dropped: qualities.reduce((sum, one) => sum + one.droppedVideoFrames, 0),
    }));
}
Promise.all(films.map(film => new Promise(ready => {
    if (film.readyState === 4) ready(); else film.addEventListener("canplaythrough", ready, { once: true });
}))).then(() => { next(); count(); setInterval(next, SLOT_MS); setInterval(tell, 250); });
</script>
"""


def make_films(folder):
    """Of noise as cameras have it, so that the rate is what a film of the size has. Made anew: no film of this size is kept."""
    def film(name, source, filters, rate, preset="superfast"):
        command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-vf", f"{filters}noise=alls=6:allf=t,format=yuv420p",
                   "-c:v", "libx264", "-preset", preset, "-b:v", f"{rate}M", "-maxrate", f"{rate}M", "-bufsize", f"{2 * rate}M",
                   "-g", "60", "-movflags", "+faststart", folder / name]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    film("a.mp4", f"testsrc2=s=1920x1080:r={FPS}:d={FILM_S}", "", 8, "veryfast")
    film("b.mp4", f"testsrc2=s=1920x1080:r={FPS}:d={FILM_S}", "hflip,negate=components=u+v,", 8, "veryfast")
    film("large.mp4", f"testsrc2=s=3840x2160:r={FPS}:d=4", "", 24)


def decode(folder, row):
    for words in (("decode", "H.264 1080p", folder / "a.mp4", "5"), ("decode", "H.264 2160p", folder / "large.mp4", "3"),
                  ("start", "H.264 1080p", folder / "a.mp4", "25"), ("hand-off", folder / "a.mp4", folder / "b.mp4")):
        lines = subprocess.run([PROGRAM, *words], check=True, text=True, stdout=subprocess.PIPE).stdout
        for line in lines.splitlines():
            row(*line.split("\t"))


def fields_of(pid):
    """/proc/PID/stat from the state on: [1] is the parent, [11] to [14] the processor time of it and of its children that ended."""
    return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()


def family(pid):
    """The process and those that came from it, by number, with their fields."""
    everyone = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            everyone[int(folder.name)] = fields_of(folder.name)
    found = [pid] if pid in everyone else []
    for one in found:
        found += [other for other, fields in everyone.items() if int(fields[1]) == one]
    return {one: everyone[one] for one in found}


def processor_s(pid):
    return sum(int(ticks) for fields in family(pid).values() for ticks in fields[11:15]) / TICKS


def memory_bytes(pid):
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError, TypeError):
            rollup = (Path("/proc") / str(one) / "smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.M)[1]) * 1024
    return total


class Screen:
    def __enter__(self):
        read, write = os.pipe()
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"], pass_fds=[write],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as ready:
            self.name = ":" + ready.readline().strip()
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait()


def machine_s():
    """Processor time of all there is: user, nice, system, interrupts; not idle, not waiting."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / TICKS


class Measure:
    """What a program uses for so many seconds from now on, in percent of a core; and what the rest of the machine does, which tells
    how far to believe what was late."""

    def __init__(self, screen, pid, seconds):
        clocks = (lambda: processor_s(pid), lambda: processor_s(screen.process.pid), machine_s)
        self.start_ns, before, self.memory = time.monotonic_ns(), [clock() for clock in clocks], 0
        while (time.monotonic_ns() - self.start_ns) / 1e9 < seconds:
            self.memory = max(self.memory, memory_bytes(pid))
            time.sleep(0.5)
        self.end_ns = time.monotonic_ns()
        length = (self.end_ns - self.start_ns) / 1e9
        self.share, self.screen_share, all_of_it = (100 * (clock() - then) / length for clock, then in zip(clocks, before))
        self.others = max(0, all_of_it - self.share - self.screen_share)


def end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def skipped_share(log):
    """Of the films' frames, how many were never drawn, because their time had passed: as the player counts them, in percent."""
    counts = [(int(came), int(late)) for came, late in re.findall(r"film finished spot=\S+ frames=(\d+) dropped=(\d+)", log)]
    counts = counts[1:] # it was joined in the middle, and begins with catching up
    return 100 * sum(late for _, late in counts) / max(1, sum(came for came, _ in counts))


def play(screen, folder, source, first, seconds):
    """The player on this screen: what it used, and its frames, from `first` fully shown on."""
    options = ("--at", "2026-02-06T00:00:00Z", "--refresh", str(REFRESH_HZ), "--log-level", "debug")
    with player.Player(folder, source, *options, window="1920x1080", env={"DISPLAY": screen.name, "SDL_VIDEODRIVER": "x11"}) as one:
        one.wait_shown(first)
        measure = Measure(screen, one.process.pid, seconds)
        one.stop()
        frames = [f for f in one.frames() if measure.start_ns <= int(f["present_ns"]) < measure.end_ns]
    measure.dropped = skipped_share(one.log())
    return measure, frames


class Chromium:
    def __init__(self, screen, folder):
        (folder / "page.html").write_text(PAGE.replace("FADE_MS", str(1000 * FADE_S)).replace("SLOT_MS", str(1000 * SLOT_S)))
        profile = folder / "chromium"
        shutil.rmtree(profile, ignore_errors=True)
        options = ["--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
                   "--disable-sync", "--disable-extensions", "--noerrdialogs", "--autoplay-policy=no-user-gesture-required",
                   "--window-position=0,0", "--window-size=1920,1080", "--kiosk", "--enable-logging=stderr",
                   f"--user-data-dir={profile}", f"--app=file://{folder / 'page.html'}"]
        if os.geteuid() == 0:
            options.append("--no-sandbox") # it refuses to run as root with it
        environment = {**player.environment(DISPLAY=screen.name), "HOME": str(profile), "XDG_RUNTIME_DIR": str(profile)}
        self.counts, self.lines, self.news = None, [], threading.Condition()
        self.process = subprocess.Popen(["chromium", *options], env=environment, text=True, errors="replace",
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stderr:
            found = re.search(r'"counts (\{.*?\})"', line)
            with self.news:
                if found:
                    self.counts = json.loads(found[1].replace('\\"', '"'))
                else:
                    self.lines.append(line)
                self.news.notify_all()

    def wait_turn(self, turn):
        with self.news:
            if not self.news.wait_for(lambda: self.counts and self.counts["turn"] >= turn, 60):
                raise RuntimeError("chromium shows no films:\n" + "".join(self.lines[-20:]))
            return self.counts


def run_chromium(screen, folder, seconds):
    one = Chromium(screen, folder)
    try:
        before = one.wait_turn(1)
        measure = Measure(screen, one.process.pid, seconds)
        after = one.counts
    finally:
        end(one.process)
    total, dropped = (after[key] - before[key] for key in ("total", "dropped"))
    measure.dropped = 100 * dropped / max(1, total)
    measure.hz = (after["refreshes"] - before["refreshes"]) / seconds
    return measure


def ask_mpv(path, name):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(path))
        line.sendall(json.dumps({"command": ["get_property", name]}).encode() + b"\n")
        with line.makefile() as answers:
            for answer in map(json.loads, answers):
                if "event" not in answer:
                    return answer.get("data")
    return None


def run_mpv(screen, folder, seconds):
    path = folder / "mpv.socket"
    path.unlink(missing_ok=True)
    process = subprocess.Popen(["mpv", "--no-config", "--no-terminal", "--vo=x11", "--no-audio", "--fullscreen", "--loop-file=inf",
                                f"--input-ipc-server={path}", folder / "a.mp4"], stdin=subprocess.DEVNULL,
                               env={**os.environ, "DISPLAY": screen.name})
    try:
        deadline = time.monotonic() + 30
        playing = None
        while not playing and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                playing = ask_mpv(path, "time-pos")
            time.sleep(0.1)
        if not playing:
            raise RuntimeError("mpv shows no film")
        names = ("frame-drop-count", "decoder-frame-drop-count")
        before = sum(ask_mpv(path, name) or 0 for name in names)
        measure = Measure(screen, process.pid, seconds)
        measure.dropped = 100 * (sum(ask_mpv(path, name) or 0 for name in names) - before) / (FPS * seconds)
    finally:
        end(process)
    return measure


def middle(values):
    return statistics.median(values)


def late_share(frames):
    return 100 * sum(f["late"] == "1" for f in frames) / max(1, len(frames))


def gaps_ms(frames):
    """From one refresh of a crossfade to the next."""
    return [(int(b["present_ns"]) - int(a["present_ns"])) / 1e6 for a, b in zip(frames, frames[1:]) if a["from"] and b["from"]]


def missed_share(gaps):
    """Of the refreshes between frames that had to follow each other at each, how many nothing came for, in percent: a frame that is
    late counts once, a refresh that is missed for each of its own."""
    missed = sum(max(0, round(gap * REFRESH_HZ / 1000) - 1) for gap in gaps)
    return 100 * missed / max(1, missed + len(gaps))


def gap_rows(row, what, gaps):
    """Of all rounds together: a stall in one of them is not hidden by the others."""
    row(f"{what}: refreshes missed", f"{missed_share(gaps):.1f} %", "", "")
    row(f"{what}: from frame to frame", f"{middle(gaps or [0]):.1f} ms", f"worst {max(gaps, default=0):.0f} ms", "")


def used_rows(row, who, measures, cpu_limit="", memory_limit=""):
    shares, screens = [m.share for m in measures], [m.screen_share for m in measures]
    row(f"{who}: processor time", f"{middle(shares):.0f} % of a core", f"worst {max(shares):.0f} %", cpu_limit)
    row(f"{who}: processor time of the X server", f"{middle(screens):.0f} % of a core", f"worst {max(screens):.0f} %", "")
    peaks = [m.memory / 1e6 for m in measures]
    row(f"{who}: memory, peak", f"{middle(peaks):.0f} MB", f"worst {max(peaks):.0f} MB", memory_limit)


def crossfade(folder, row):
    spots = {name: {"video": f"{name}.mp4", "duration": SLOT_S, "transition": {"type": "crossfade", "duration": FADE_S}}
             for name in "ab"}
    player.playlist(folder / "p.json", spots)
    ours, theirs, mpvs, late, fades, gaps = [], [], [], [], [], []
    for _ in range(ROUNDS):
        with Screen() as screen:
            measure, frames = play(screen, folder, folder / "p.json", "a", WINDOW_S)
            ours.append(measure)
            late.append(late_share(frames))
            fades.append(late_share([f for f in frames if f["from"]]))
            gaps += gaps_ms(frames)
        with Screen() as screen:
            theirs.append(run_chromium(screen, folder, WINDOW_S))
        with Screen() as screen:
            mpvs.append(run_mpv(screen, folder, SLOT_S))
    what = f"film to film, crossfading {100 * FADE_S // SLOT_S} % of the time"
    row(f"{what}: frames late", f"{middle(late):.1f} %", f"worst {max(late):.1f} %", "1 %")
    row(f"{what}, in the crossfades: frames late", f"{middle(fades):.1f} %", f"worst {max(fades):.1f} %", "")
    gap_rows(row, f"{what}, in the crossfades", gaps)
    used_rows(row, what, ours, "", "250 MB")
    used_rows(row, "the same in Chromium by CSS opacity", theirs)
    shares = [100 * a.share / b.share for a, b in zip(ours, theirs)]
    row("processor time against Chromium's", f"{middle(shares):.0f} %", f"worst {max(shares):.0f} %", "90 %")
    for who, measures in (("the player", ours), ("Chromium", theirs)):
        row(f"film frames dropped, as {who} counts them", f"{middle([m.dropped for m in measures]):.1f} %", "", "")
    row("refreshes a second in Chromium's page", f"{middle([m.hz for m in theirs]):.0f}", "", "")
    others = [m.others for m in ours + theirs]
    row("processor time of everything else on the machine meanwhile", f"{middle(others):.0f} % of a core",
        f"worst {max(others):.0f} %", "")
    used_rows(row, "mpv, one of the films without crossfade, x11", mpvs)
    row("mpv: frames dropped", f"{middle([m.dropped for m in mpvs]):.1f} %", "", "")


def motion(folder, row):
    """The same two films, drifting: each refresh is another picture."""
    spots = {name: {"video": f"{name}.mp4", "duration": SLOT_S, "motion": "drift-in",
                    "transition": {"type": "crossfade", "duration": FADE_S}} for name in "ab"}
    player.playlist(folder / "m.json", spots)
    measures, late, gaps = [], [], []
    for _ in range(ROUNDS):
        with Screen() as screen:
            measure, frames = play(screen, folder, folder / "m.json", "a", WINDOW_S)
        measures.append(measure)
        late.append(late_share(frames))
        times = [int(f["present_ns"]) / 1e6 for f in frames]
        gaps += [after - before for before, after in zip(times, times[1:])]
    what = "film to film, both moving"
    row(f"{what}: frames late", f"{middle(late):.1f} %", "", "1 %")
    gap_rows(row, what, gaps)
    used_rows(row, what, measures)


def campaign(folder, row):
    """The campaign's film alone, over and over."""
    shutil.copy(TOP / "media/manifesto.mp4", folder)
    spots = {"manifesto": {"video": "manifesto.mp4"}}
    player.playlist(folder / "c.json", spots)
    with Screen() as screen:
        measure, frames = play(screen, folder, folder / "c.json", "manifesto", 12)
    what = "the campaign's film alone"
    row(f"{what}: frames late", f"{late_share(frames):.1f} %", "", "1 %")
    used_rows(row, what, [measure])


def films(row):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_films(folder)
        for rows in (decode, crossfade, motion, campaign):
            rows(folder, row)
