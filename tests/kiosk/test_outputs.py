"""Two monitors on one box: one picture over both, side by side, whichever of them comes late or goes."""
import unittest

import tap
from box_case import FULL, PATIENT, SIZE, BoxCase, Programme

UNIT = "duckling.service"
WALL = (2 * SIZE[0], SIZE[1])
SOON_S = 300
FOLDER = "/etc/duckling/player.conf.d"


@unittest.skipUnless(FULL, "one more boot: FULL=1")
class Outputs(BoxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        programme = Programme(cls.folder, ("ducklings", "boat"))
        wall = programme.on(WALL)
        cls.halves = [wall.part(0, SIZE[0]), wall.part(SIZE[0], SIZE[0])]
        settings = f"source = /boot/duckling/playlist.json\nlanguage = en\nconnector = Virtual-1\nconnector = Virtual-2\n{PATIENT}"
        disk = cls.flash(**{"player.conf": settings, **programme.files()})
        cls.box = cls.enterClassContext(cls.switch_on(disk, outputs=2))
        cls.box.shell.open()

    def setUp(self):
        self.clock = self.clock_of(self.box)

    def turn(self, output, word):
        """What the kernel takes for plugged in: "off" is nothing, "detect" what is there."""
        self.box.shell.run(f"cd /sys/class/drm/card*-{output} && echo {word} >status"
                           " && udevadm trigger --action=change /sys/class/drm/card?")

    def wait_half(self, head, what, wait_s=SOON_S):
        took = self.wait_right(self.box, self.halves[head], self.clock, f"{what}, on monitor {head + 1}", wait_s, head)
        print(f"# {what}, monitor {head + 1}: {took:.1f} s", flush=True)

    def wait_both(self, what):
        for head in range(len(self.halves)):
            self.wait_half(head, what)

    def wait_other(self, head, what):
        """Until this monitor does not show its half."""
        def is_other(picture):
            expected = self.halves[head].expected(self.clock())
            return expected is not None and not picture.looks_like(expected)
        self.box.wait_screen(is_other, what, SOON_S, head)

    def pid(self):
        return self.box.shell.run(f"systemctl show -P MainPID {UNIT}")

    def test_1_the_second_monitor_comes_late(self):
        """Until then the first one shows what it will show beside it."""
        self.wait_half(0, "power on, with one monitor", 600)
        before = self.pid()
        self.assertIn("output has no monitor, its part of the picture is not shown connector=Virtual-2",
                      self.box.shell.run(f"journalctl -b -u {UNIT} -o cat"))
        self.box.resize(*SIZE, head=1)
        self.wait_both("the second monitor was plugged in")
        self.assertEqual(before, self.pid(), "the player ended for a cable")

    def test_2_the_second_monitor_goes_and_comes(self):
        before = self.pid()
        with self.box.watched() as seen:
            self.turn("Virtual-2", "off")
            self.wait_other(1, "nothing on a monitor that was unplugged")
            self.wait_half(0, "the second monitor was unplugged")
            self.turn("Virtual-2", "detect")
            self.wait_both("the second monitor was plugged in again")
        self.assert_never_black(seen, "the first monitor meanwhile")
        self.assertEqual(before, self.pid(), "the player ended for a cable")

    def test_3_the_player_is_started_again(self):
        with self.box.watched() as left, self.box.watched(head=1) as right:
            self.box.shell.run(f"systemctl restart {UNIT}; until systemctl show -P StatusText {UNIT} | grep -q '^showing spot';"
                               " do sleep 1; done", wait_s=SOON_S)
            self.wait_both("the player was started again")
        for name, seen in (("the left monitor", left), ("the right monitor", right)):
            self.assert_never_black(seen, f"{name} over a restart")

    def test_4_a_monitor_shows_its_part_of_a_wall(self):
        """As one player for each does, whose monitors are far from each other."""
        self.box.shell.run(f"mkdir -p {FOLDER}; printf 'connector = Virtual-2\\ncanvas = {WALL[0]}x{WALL[1]}+{SIZE[0]}+0\\n'"
                           f" >{FOLDER}/wall.conf; systemctl restart {UNIT}", wait_s=SOON_S)
        self.wait_other(0, "nothing on a monitor that is not used")
        self.wait_half(1, "the right part of a wall, by itself")


if __name__ == "__main__":
    tap.main()
