"""What the tests of the box share: the image, a playlist of still spots, and what must be on the screen at an instant."""
import copy
import os
import shlex
import subprocess
import tempfile
import time
import unittest
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import player
from picture import Picture, bounds_of
from virtual_machine import WAIT_S, Kernel, VirtualMachine, kvm_works, write_settings

TOP = Path(__file__).resolve().parent.parent.parent
IMAGE = Path(os.environ.get("TEST_IMAGE") or next(iter(sorted(TOP.glob("build/image/duckling-*.img"))), "no image"))
FULL = bool(os.environ.get("TEST_FULL"))
DUCKLING = TOP / "build/duckling"
# A month from now: after what is built and signed today (the box takes no earlier time for true), and at the same hour on every day.
CLOCK = f"{date.today() + timedelta(days=30)}T03:00:00"
# What is not worth one of the six starts of a box that each run has.
full_only = unittest.skipUnless(FULL, "takes longer than each run should: make test-kiosk FULL=1")
SIZE = (1920, 1080)
SPOT_S = 20
# Of a slot: its transition, and the time that an emulated processor may be late with it; and the end, where it may be early.
BEGIN_S, END_S = 5, 1.5
# Its workers need on an emulated processor what takes them two seconds otherwise.
PATIENT = "decode-timeout = 60\n"


class Programme:
    """Still spots of 20 s in turn: what is on at each instant, by `duckling preview`."""

    def __init__(self, folder, names=("ducklings", "boat", "seedling"), media=None, size=SIZE, spot_s=SPOT_S, motion="none",
                 tagline=True, **more):
        self.folder = Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.names, self.spot_s, self.size, self.language, self.level = list(names), spot_s, size, "en", 1
        self.options, self.name, self.columns = [], "screen", None
        self.media = media or self.draw_media(names)
        texts = {"ko": "작은 것의 위대함을 위하여", "zh-Hans": "相信小的伟大"}
        spots = {name: {"image": f"{name}.jpg", "tagline": {"en": f"The {name}, by itself.", **texts}} for name in names}
        bare = {name: {"image": spot["image"]} for name, spot in spots.items()}
        self.path, self.bare_path = self.folder / "playlist.json", self.folder / "bare.json"
        for path, shown in ((self.path, spots if tagline else bare), (self.bare_path, bare)):
            player.playlist(path, shown, defaults={"duration": spot_s, "motion": motion}, timezone="UTC", **more)
        self.previews = {}

    def draw_media(self, names):
        """In the screen's own size: nothing of what is tested is in the scaling, and an emulated processor is slow at it."""
        for name in names:
            source = next(TOP.glob(f"media/{name}.[jw]*"))
            subprocess.run(["convert", str(source), "-resize", "1920x1080^", "-gravity", "center", "-extent", "1920x1080", "-quality",
                            "92", str(self.folder / f"{name}.jpg")], check=True)
        return [self.folder / f"{name}.jpg" for name in names]

    def on(self, size=SIZE, *options, language="en", level=1):
        """The same on a screen of another size, in another language, dimmed to a level, or with other options of preview."""
        other = copy.copy(self)
        other.size, other.options, other.language, other.level, other.previews = size, list(options), language, level, {}
        other.name = f"{size[0]}x{size[1]}{''.join(options)}{language}{level}"
        return other

    def part(self, x, width):
        """What a monitor shows that stands on these columns of a wall."""
        other = copy.copy(self)
        other.columns, other.previews = (x, width), {}
        return other

    def files(self):
        return {path.name: path.read_bytes() for path in [self.path, *self.media]}

    def spot(self, seconds):
        """The spot at this Unix time, and for how long it has been on."""
        in_day = seconds % 86400
        return self.names[int(in_day // self.spot_s) % len(self.names)], in_day % self.spot_s

    def expected(self, seconds):
        """What must be on; None near a transition."""
        name, since = self.spot(seconds)
        if since < BEGIN_S or since > self.spot_s - END_S:
            return None
        return self.preview(name, seconds)

    def preview(self, name, seconds, bare=False):
        """The picture of the spot that is on at this Unix time, as this screen shows it; bare: while its text is between two."""
        if (name, bare) not in self.previews:
            output = self.folder / f"preview-{self.name}-{name}-{bare}.png"
            at = datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")
            done = player.run("preview", self.bare_path if bare else self.path, "-o", output, "--at", at, "--size",
                              "x".join(map(str, self.size)), "--language", self.language, *self.options)
            if done.returncode:
                raise RuntimeError(done.stderr)
            whole = Picture.read(output).dimmed(self.level)
            self.previews[name, bare] = whole.part(*self.columns) if self.columns else whole
        return self.previews[name, bare]

    def pictures(self):
        """All that it ever shows, with their texts and without; in transitions it shows mixes of them."""
        begin = datetime.fromisoformat(CLOCK + "+00:00").timestamp()
        return [self.preview(self.spot(at)[0], at, bare) for bare in (False, True)
                for at in (begin + (number + 0.5) * self.spot_s for number in range(len(self.names)))]


class BoxCase(unittest.TestCase):
    """A box is switched on for all cases of a class, in the order of their names: to switch it on takes a minute."""

    kernel = kvm = None

    @classmethod
    def setUpClass(cls):
        if not IMAGE.is_file():
            raise unittest.SkipTest(f"{IMAGE} is not there: make image")
        player.DUCKLING = DUCKLING
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="kiosk-")))
        cls.kernel = Kernel(IMAGE, cls.folder)
        cls.kvm = kvm_works(cls.kernel.kernel)
        print(f"# {'KVM' if cls.kvm else 'an emulated processor'}; image: {IMAGE.name}", flush=True)

    @classmethod
    def flash(cls, name="disk", size="8G", image=IMAGE, **settings):
        """A disk of a box, larger than the image, with the installer's files on it."""
        disk = cls.folder / f"{name}.qcow2"
        if settings:
            # What an installer's computer writes goes into a copy; what the box writes lies above either.
            base = cls.folder / f"{name}.img"
            subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(image), str(base)], check=True)
            write_settings(base, **settings)
        else:
            base = image.resolve()
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(base), str(disk), size], check=True)
        return disk

    @classmethod
    def switch_on(cls, disk, **options):
        options.setdefault("kernel", cls.kernel)
        options.setdefault("clock", CLOCK)
        return VirtualMachine(cls.folder, disk, kvm=cls.kvm, **options)

    def clock_of(self, box):
        """The box's clock, as a function: to ask takes it less than a second, after which both clocks run alike."""
        before = time.monotonic()
        answer = float(box.shell.run("date +%s.%N"))
        offset = answer - (before + time.monotonic()) / 2
        return lambda: time.monotonic() + offset

    UNIT = "duckling.service"

    def log_lines(self, box):
        """How many lines the player has logged: what comes after them is new."""
        return int(box.shell.run(f"journalctl -b -u {self.UNIT} -o cat --no-pager | wc -l"))

    def wait_log(self, box, words, after=0, wait_s=WAIT_S):
        """Until the player has logged it, in a line after so many."""
        try:
            log = f"journalctl -b -u {self.UNIT} -o cat --no-pager | tail -n +{after + 1}"
            box.shell.run(f"until {log} | grep -q -e {shlex.quote(words)}; do"
                          " sleep 1; done", wait_s)
        except AssertionError:
            picture = box.keep(box.screen(), "not-logged")
            raise AssertionError(f"the player never logged {words!r} within {wait_s} s; the screen: {picture}") from None

    def configure(self, box, text, wait_s=WAIT_S):
        """Other settings for a player that goes on: lines of a file beside its configuration, and SIGHUP."""
        before = self.log_lines(box)
        path = "/etc/duckling/player.conf.d/70-test.conf"
        box.shell.run(f"mkdir -p $(dirname {path}); printf %s {shlex.quote(text)} >{path}; systemctl reload {self.UNIT}")
        self.wait_log(box, "play_reload", before, wait_s)

    def wait_right(self, box, programme, clock, what, wait_s=WAIT_S, head=0):
        """Until the screen shows what is to be on at that instant; how long that took, in seconds."""
        start = time.monotonic()
        seen = []
        def right(picture):
            expected = programme.expected(clock())
            if expected is None:
                return False
            seen[:] = [programme.spot(clock())[0]]
            return picture.looks_like(expected)
        try:
            box.wait_screen(right, what, wait_s, head)
        except AssertionError:
            if seen:
                box.keep(programme.previews[seen[0], False], "expected")
            print("# " + "\n# ".join(box.shell.run("journalctl -b -u duckling --no-pager -o cat | tail -n 40", check=False).splitlines()))
            raise
        return time.monotonic() - start

    def assert_never_black(self, seen, what):
        """Neither black nor text in any picture of a stretch."""
        self.assert_no_text(seen, what)
        for at, picture in seen:
            self.assertFalse(picture.dark(), f"{what}: the screen was black {at:.1f} s after the start")

    def assert_only(self, programme, seen, what):
        """Nothing but the programme's pictures and transitions between them in any picture of a stretch: neither black nor text, nor a
        part of a picture, nor a background."""
        self.assert_never_black(seen, what)
        self.assert_mixed(self.box, programme.pictures(), seen, what)

    def assert_mixed(self, box, pictures, seen, what):
        """Nothing but these pictures, and transitions between them, in any picture of a stretch."""
        self.assertTrue(seen, "nobody looked")
        before, bounds = None, bounds_of(pictures)
        for at, picture in seen:
            if picture is not before and (picture.size() != pictures[0].size() or not picture.within(bounds)):
                self.fail(f"{what}: {at:.1f} s after the start something else was on the screen: {box.keep(picture, 'else')}")
            before = picture

    def assert_no_text(self, seen, what):
        """Tells for how long the screen was black."""
        self.assertTrue(seen, "nobody looked")
        black_s = sum(after - at for (at, picture), (after, _) in zip(seen, seen[1:]) if picture.dark())
        print(f"# {what}: black for {black_s:.1f} of {seen[-1][0] - seen[0][0]:.1f} s, in {len(seen)} looks", flush=True)
        for at, picture in seen:
            self.assertFalse(picture.text(), f"{what}: there was text on the screen {at:.1f} s after the start")
