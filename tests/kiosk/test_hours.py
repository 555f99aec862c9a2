"""When the screen of a box is on, and how bright; and settings that change while it plays. One box, whose settings are read again."""
import subprocess
import threading
from datetime import datetime, timedelta, timezone

import publishing
import tap
from box_case import SIZE, TOP, Programme, full_only
from stick_case import StickCase

# Longer than it takes a takeover on a stick that was plugged in to be on the screen, where it may be.
LOOKED_S = 15


@full_only
class Hours(StickCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stick, cls.programme = cls.publish(["ducklings", "boat", "seedling"])
        television = cls.folder / "television"
        subprocess.run(["gcc", "-O2", "-static", "-o", television, TOP / "tests/kiosk/television.c"], check=True)
        disk = cls.flash_with_key(more="timezone = UTC\n", television=television.read_bytes())
        cls.box = cls.enterClassContext(cls.switch_on(disk, stick=stick))
        cls.box.shell.open()

    def setUp(self):
        self.clock = self.clock_of(self.box)

    def wait_shown(self, programme, what, wait_s=300):
        took = self.wait_right(self.box, programme, self.clock, what, wait_s)
        print(f"# {what}: {took:.1f} s", flush=True)

    def is_on(self):
        """Whether the graphics card drives the output."""
        return self.box.shell.run("cat /sys/class/drm/card*-Virtual-1/dpms") == "On"

    def wait_off(self, what, wait_s=120):
        """It is black first, and then switched off."""
        self.box.wait_screen(lambda picture: picture.unlit(), what, wait_s)
        self.box.shell.run("until [ \"$(cat /sys/class/drm/card*-Virtual-1/dpms)\" = Off ]; do sleep 0.2; done", wait_s)

    def assert_settings(self, text, programme, what, before=None):
        """They come without a black frame, or anything else between the picture before and the one after."""
        with self.box.watched(every_s=0.1) as seen:
            self.configure(self.box, text)
            self.wait_shown(programme, what)
        self.assert_mixed(self.box, [*(before or self.programme).pictures(), *programme.pictures()], seen, what)

    def test_1_dimming(self):
        self.wait_shown(self.programme, "the right picture after power on", 600)
        dimmed = self.programme.on(level=0.4)
        self.assert_settings("dimming = 00:00-24:00 0.4\n", dimmed, "the same picture, dimmed to 0.4")
        self.assert_settings("", self.programme, "the same picture as bright as before", dimmed)

    def test_2_settings_while_it_plays(self):
        """Turned, and in another language; and a slip of the pen, which changes nothing."""
        turned = self.programme.on(SIZE, "--rotate", "180", language="ko")
        self.assert_settings("rotate = 180\nlanguage = ko\n", turned, "the picture upside down, in Korean")
        before = self.log_lines(self.box)
        self.assert_settings("rotat = 90\n", turned, "the picture as before, with a wrong configuration", turned)
        self.wait_log(self.box, "configuration is wrong, keeping the one in force", before, 60)
        self.assert_settings("", self.programme, "the picture upright, in English", turned)

    def test_3_operating_hours(self):
        """The screen goes off and on by itself: after the next full minute, for a minute."""
        closing = (datetime.fromtimestamp(self.clock() + 20, timezone.utc) + timedelta(minutes=1)).replace(second=0, microsecond=0)
        opening = closing + timedelta(minutes=1)
        with self.box.watched() as seen:
            self.configure(self.box, f"operating-hours = 00:00-{closing:%H:%M}, {opening:%H:%M}-24:00\n")
            self.assertLess(self.clock(), closing.timestamp(), "the test was too late")
            self.wait_off("a screen that is off outside operating hours", 180)
            went_off = self.clock() - closing.timestamp()
            self.box.wait_screen(lambda picture: not picture.unlit(), "a screen that is on again", 180)
            went_on = self.clock() - opening.timestamp()
            self.wait_shown(self.programme, "the right picture when the hours begin")
        print(f"# off {went_off:.1f} s after the hours have ended, on {went_on:.1f} s after they have begun", flush=True)
        self.assertTrue(self.is_on())
        self.assertGreaterEqual(went_off, 0, "the screen went off before the hours had ended")
        self.assertGreaterEqual(went_on, 0, "the screen came on before the hours had begun")
        # Fading, or off; nothing else, and above all no text of the box's.
        black = self.programme.on(level=0).pictures()
        lit = [(at, picture) for at, picture in seen if not picture.unlit()]
        self.assert_mixed(self.box, [*self.programme.pictures(), *black], lit, "operating hours")

    def test_4_takeover(self):
        """Outside the hours it wakes the screen only where that is allowed."""
        self.configure(self.box, "operating-hours = off\n")
        self.wait_off("a screen that is off, since it is never to be on")
        notice = Programme(self.folder / "notice", ["shop"], spot_s=86400)
        self.on_channel("takeover", "on", notice.path, "--until", publishing.rfc3339(30.9 * 86400))
        before = self.log_lines(self.box)
        self.box.unplug()
        self.box.plug(self.channel_stick())
        with self.box.watched() as seen:
            self.wait_log(self.box, "now playing kind=takeover", before)
            threading.Event().wait(LOOKED_S)
        for at, picture in seen:
            if not picture.unlit():
                self.fail(f"a takeover that may not wake the screen did, {at:.1f} s after the start: {self.box.keep(picture, 'awake')}")
        self.configure(self.box, "operating-hours = off\ntakeover-wakes = yes\n")
        self.wait_shown(notice, "the takeover, which may wake the screen")
        self.on_channel("takeover", "off")
        self.box.unplug()
        self.box.plug(self.channel_stick())
        self.wait_off("a screen that is off again after the takeover", 300)
        self.configure(self.box, "")
        self.wait_shown(self.programme, "the right picture, at any hour")

    def wait_told(self, words, after=0):
        """Until the television was told so, in a line after so many; how many there are."""
        self.box.shell.run(f"until tail -n +{after + 1} /run/television | grep -q '^{words}$'; do sleep 1; done", 120)
        return int(self.box.shell.run("wc -l </run/television"))

    def test_5_television(self):
        """Is told over its cable to go off and on; the kernel imitates both ends of one."""
        shell = self.box.shell
        shell.run("modprobe vivid && udevadm settle")
        shell.run("systemd-run --quiet --unit television -p StandardOutput=file:/run/television /boot/duckling/television /dev/cec0")
        said = self.wait_told("ready")
        self.configure(self.box, "operating-hours = off\n")
        self.wait_off("a screen that is off, since it is never to be on")
        said = self.wait_told("standby", said)
        self.configure(self.box, "")
        self.wait_shown(self.programme, "the right picture, at any hour")
        self.wait_told("image view on", said)
        self.wait_told("active source", said)


if __name__ == "__main__":
    tap.main()
