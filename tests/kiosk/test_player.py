"""What happens to a box that plays: its player dies, hangs, is started again; its monitor changes, goes and comes; its disk is full;
its power is cut. After each the right picture is on the screen again."""
import time

import tap
from box_case import PATIENT, BoxCase, Programme

UNIT = "duckling.service"
# How long a box may need for what takes it two seconds, when its processor is emulated.
SOON_S = 180


class Player(BoxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.programme = Programme(cls.folder)
        settings = f"source = /boot/duckling/playlist.json\nlanguage = en\n{PATIENT}"
        # As Notepad saves it.
        disk = cls.flash(**{"player.conf": b"\xef\xbb\xbf" + settings.replace("\n", "\r\n").encode(), **cls.programme.files()})
        cls.box = cls.enterClassContext(cls.switch_on(disk))
        cls.box.shell.open()

    def setUp(self):
        self.clock = self.clock_of(self.box)

    def restarts(self):
        return int(self.box.shell.run(f"systemctl show -P NRestarts {UNIT}"))

    def pid(self):
        return int(self.box.shell.run(f"systemctl show -P MainPID {UNIT}"))

    def wait_started_again(self, before):
        """Until the service manager has started the player again: what is on the screen may be the old picture until then."""
        self.box.shell.run(f"until [ $(systemctl show -P NRestarts {UNIT}) -gt {before} ] && systemctl --quiet is-active {UNIT}; do"
                           " sleep 1; done", wait_s=SOON_S)

    def wait_own_picture(self):
        """Until the player that runs now has shown a picture of its own: that of the one before is mostly right, too."""
        self.box.shell.run(f"until systemctl show -P StatusText {UNIT} | grep -q '^showing spot'; do sleep 1; done", wait_s=SOON_S)

    def wait_again(self, what, wait_s=SOON_S):
        took = self.wait_right(self.box, self.programme, self.clock, what, wait_s)
        print(f"# {what}: {took:.1f} s", flush=True)

    def test_1_power_on(self):
        """The installer's settings count, and no GL library is there."""
        self.wait_again("the right picture after power on", 600)
        with self.box.watched() as seen:
            self.assertEqual("", self.box.shell.run("find / -xdev -name 'libGL*' -o -name '*_dri.so' -o -name 'libEGL*'"))
            self.assertEqual("", self.box.shell.run("systemctl --failed --no-legend --plain"))
        self.assert_never_black(seen, "while it plays")

    def test_2_system(self):
        """Nobody can log in, nothing listens, the disk has grown, and the box has a name."""
        shell = self.box.shell
        self.assertRegex(shell.run("cat /etc/hostname"), r"^duckling-[0-9a-f]{6}$")
        self.assertEqual("", shell.run("cut -d: -f1,2 /etc/shadow | grep -v ':[!*]' || true"))
        self.assertEqual("", shell.run("ps -e -o comm= | grep -E 'getty|login|sshd' | grep -v logind || true"))
        # Resolving names is for the box itself alone.
        self.assertEqual("", shell.run("ss -H -l -t -u -n | grep -v -E '127\\.0\\.0\\.5[34]' || true"))
        self.assertGreater(int(shell.run("df --output=size -BM / | tail -n 1").strip().rstrip("M")), 6000)
        self.assertIn("noatime", shell.run("findmnt -n -o OPTIONS /"))
        self.assertIn("ro", shell.run("findmnt -n -o OPTIONS /boot/duckling").split(","))
        self.assertEqual("", shell.run("cat /proc/swaps | tail -n +2"))

    def test_3_killed(self):
        before = self.restarts()
        with self.box.watched(every_s=0.05) as seen:
            self.box.shell.run(f"kill -9 {self.pid()}")
            self.wait_started_again(before)
            self.wait_own_picture()
            self.wait_again("the right picture after kill -9")
        self.assertEqual(before + 1, self.restarts())
        self.assert_only(self.programme, seen, "kill -9")

    def test_4_hangs(self):
        before = self.restarts()
        with self.box.watched() as seen:
            self.box.shell.run(f"kill -STOP {self.pid()}")
            # The picture stays meanwhile, so that it is no sign: the service manager has to notice.
            started = time.monotonic()
            self.wait_started_again(before)
            print(f"# the watchdog: {time.monotonic() - started:.0f} s", flush=True)
            self.wait_own_picture()
            self.wait_again("the right picture after a hang")
        self.assert_only(self.programme, seen, "a hang")

    def framebuffers(self):
        """How many the card has, the console's own included."""
        return int(self.box.shell.run("mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug;"
                                      " grep -c '^framebuffer' /sys/kernel/debug/dri/0/framebuffer"))

    def shared_kib(self):
        """The memory that pictures of a card without memory of its own are in, among others."""
        return int(self.box.shell.run("awk '/^Shmem:/ { print $2 }' /proc/meminfo"))

    def test_5_started_again(self):
        """Nor does anything pile up in the card."""
        framebuffers, shared = self.framebuffers(), self.shared_kib()
        with self.box.watched(every_s=0.05) as seen:
            for _ in range(3):
                self.box.shell.run(f"systemctl restart {UNIT}", wait_s=SOON_S)
                self.wait_own_picture()
                self.wait_again("the right picture after systemctl restart")
        self.assert_only(self.programme, seen, "systemctl restart")
        self.assertEqual(framebuffers, self.framebuffers())
        # Each player has two of 8100 KiB in the card. What it has decoded is in shared memory, too: more or less of it at a time.
        self.assertLess(self.shared_kib() - shared, 3 * 8100)

    def wait_no_picture(self, what):
        """Until the screen is as it is without a player: black, or a console."""
        self.box.wait_screen(lambda picture: picture.dark() or picture.text(), what, SOON_S)

    def kept(self):
        return int(self.box.shell.run(f"systemctl show -P NFileDescriptorStore {UNIT}"))

    def test_6_stopped(self):
        """The screen is kept over a restart, not over a stop."""
        self.assertEqual(1, self.kept())
        self.box.shell.run(f"systemctl stop {UNIT}", wait_s=SOON_S)
        self.wait_no_picture("no picture of a player that was stopped")
        self.assertEqual(0, self.kept())
        self.box.shell.run(f"systemctl start {UNIT}", wait_s=SOON_S)
        self.wait_again("the right picture after a start")
        self.assertEqual(1, self.kept())

    def test_6_terminal(self):
        """Somebody switches to another terminal and back, after a restart, too."""
        for again in (False, True):
            if again:
                self.box.shell.run(f"systemctl restart {UNIT}", wait_s=SOON_S)
                self.wait_again("the right picture before the terminal is switched again")
            self.box.press("alt", "f2")
            self.wait_no_picture("another terminal")
            self.assertEqual(0, self.kept())
            self.box.press("alt", "f1")
            self.wait_again("the right picture after the terminal was switched back")
            self.assertEqual(1, self.kept())

    def test_6_test_card(self):
        """It comes when it is called, by a signal that is not taken for a switch of terminals, and goes when it is called again."""
        self.box.shell.run(f"systemctl kill --signal=USR1 {UNIT}")
        corner = bytes((255, 255, 255)), bytes((255, 196, 46))
        self.box.wait_screen(lambda picture: (picture.data[:3], picture.data[(picture.width + 1) * 3:][:3]) == corner, "the test card",
                             SOON_S)
        self.box.shell.run(f"systemctl kill --signal=USR1 {UNIT}")
        self.wait_again("the right picture after the test card")

    def test_6_another_monitor(self):
        """Another size, as the host asks for it, and back."""
        small = self.programme.on((1280, 720))
        with self.box.watched() as seen:
            self.box.resize(1280, 720)
            took = self.wait_right(self.box, small, self.clock, "the right picture in another size", SOON_S)
            print(f"# 1280x720: {took:.1f} s", flush=True)
            self.box.resize(1920, 1080)
            self.wait_again("the right picture in the size before")
        self.assert_never_black(seen, "another monitor")

    def test_7_unplugged(self):
        """The cable is pulled, and put in again."""
        shell = self.box.shell
        pid = self.pid()
        shell.run("cd /sys/class/drm/card*-Virtual-1 && echo off >status && udevadm trigger --action=change /sys/class/drm/card?")
        self.assertEqual("disconnected", shell.run("cat /sys/class/drm/card*-Virtual-1/status"))
        self.box.wait_screen(lambda picture: self.programme.expected(self.clock()) is not None
                             and not picture.looks_like(self.programme.expected(self.clock())), "nothing on an unplugged screen", SOON_S)
        shell.run("cd /sys/class/drm/card*-Virtual-1 && echo detect >status && udevadm trigger --action=change /sys/class/drm/card?")
        self.wait_again("the right picture after the cable was put in")
        self.assertEqual(pid, self.pid(), "the player ended for a cable")

    def test_8_full_disk(self):
        """To the last byte: the picture goes on, over a restart, too."""
        shell = self.box.shell
        # What only root may fill, too; most of it without writing it.
        shell.run("fallocate -l $(($(stat -f -c '%f * %S' /) - 16777216)) /full; cat /dev/zero >/full2 2>/dev/null; sync", wait_s=SOON_S)
        self.assertEqual("0", shell.run("df --output=avail / | tail -n 1").strip())
        with self.box.watched() as seen:
            shell.run(f"systemctl restart {UNIT}", wait_s=SOON_S)
            self.wait_own_picture()
            self.wait_again("the right picture on a full disk")
        self.assert_only(self.programme, seen, "a full disk")
        # It stays full for the power cut below.

    def test_9_power_cut(self):
        """With a full disk, and what was not written yet lost."""
        self.box.cut_power()
        self.box.shell.open()
        self.clock = self.clock_of(self.box)
        self.wait_again("the right picture after a power cut", 600)
        # What else fails for want of space is no matter, such as a user that is there already.
        self.assertEqual("active", self.box.shell.run(f"systemctl is-active {UNIT}"))


if __name__ == "__main__":
    tap.main()
