"""A bare image, set up in front of its screen: through a serial line in three languages, and with a keyboard. Typing is counted: an
installer has three minutes for it."""
import re
import time

import tap
from stick_case import CHANNEL, StickCase

# Of somebody who looks for each key.
KEYS_PER_S = 2
TYPING_S = 180
SOON_S = 300
DROPINS = "/etc/duckling/player.conf.d"
KEY = "/media/stick/operator.pub"
PATIENCE = "DUCKLING_DECODE_TIMEOUT=60"


class FirstStart(StickCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # minisign writes it without zeros at its beginning.
        cls.number = re.search(r"public key ([0-9A-F]{1,16})\n", cls.public.read_text())[1].zfill(16)
        _, cls.programme = cls.publish(["ducklings", "boat", "seedling"])
        cls.box = cls.enterClassContext(cls.switch_on(cls.flash(), stick=cls.channel_stick(cls.public)))
        cls.box.shell.open()
        # All that is not as the image has it: patience with an emulated processor.
        for unit in (cls.UNIT, "box-setup.service"):
            folder = f"/etc/systemd/system/{unit}.d"
            cls.box.shell.run(f"mkdir -p {folder}; printf '[Service]\\nEnvironment={PATIENCE}\\n' >{folder}/patience.conf")
        cls.box.shell.run("systemctl daemon-reload")

    def wait_shown(self, programme, what, wait_s=SOON_S):
        took = self.wait_right(self.box, programme, self.clock_of(self.box), what, wait_s)
        print(f"# {what}: {took:.1f} s", flush=True)

    def wait_campaign(self, what):
        self.box.wait_screen(lambda picture: picture.size() == (1920, 1080) and picture.black() < 0.5, what, 600)

    def assert_typed(self, keys, what):
        print(f"# {what}: {keys} keys", flush=True)
        self.assertLess(keys / KEYS_PER_S, TYPING_S, f"{what}: so many keys take more than three minutes")

    def by_serial(self, language, zone, number, servers, write, again):
        """Six questions and what follows, as a person answers them; all that was shown."""
        steps = [("1/6", language), ("2/6", CHANNEL), ("3/6", KEY), (number, "y"), ("4/6", zone), ("5/6", "lobby-3"), ("6/6", ""),
                 (servers, ""), (write, ""), (again, "n")]
        shown = self.box.shell.converse(f"{PATIENCE} LANG=C.UTF-8 TERM=xterm duckling setup", steps)
        rest, _ = self.box.shell.end()
        self.assert_typed(sum(len(answer) + 1 for _, answer in steps), "setup through the serial line")
        self.assertIn(self.number, shown)
        return shown + rest

    def forget(self):
        """As the image was."""
        self.box.shell.run(f"rm -f {DROPINS}/* /etc/systemd/timesyncd.conf.d/*")

    def test_1_serial_line(self):
        self.wait_campaign("the campaign, as long as nothing is configured")
        for number, tag, zone, words, done in (
                ("1", "ko", "", ("키 번호는", "시간 서버", "이대로 저장할까요?", "지금 기기를 다시 시작"), "저장함: "),
                ("2", "zh-Hans", "", ("密钥编号是", "时间服务器", "写入以上设置吗", "现在重新启动设备"), "已写入："),
                ("3", "en", "Asia/Seoul", ("The key's number is", "Time servers", "Write this?", "Start the box again now"), "written: ")):
            with self.subTest(tag):
                self.forget()
                started = time.monotonic()
                shown = self.by_serial(number, zone, *words)
                self.assertIn(f"{done}{DROPINS}/50-setup.conf", shown)
                self.box.shell.run(f"systemctl restart {self.UNIT}", SOON_S)
                self.wait_shown(self.programme.on(language=tag), f"the channel's picture, set up in {tag}")
                print(f"# from the first question to the picture: {time.monotonic() - started:.0f} s", flush=True)

    def test_2_screen(self):
        """A key brings setup to the screen, Ctrl+C the campaign; and when it is done, the box starts again by itself."""
        self.forget()
        self.box.shell.run(f"systemctl restart {self.UNIT}", SOON_S)
        self.wait_campaign("the campaign again")
        self.press_key()
        self.box.keep(self.box.wait_screen(lambda picture: picture.text(), "setup, after a key was pressed", SOON_S), "setup")
        self.box.press("ctrl", "c")
        self.wait_campaign("the campaign, after setup was ended by Ctrl+C")
        self.assertEqual("", self.box.shell.run(f"find {DROPINS} -type f 2>/dev/null", check=False))
        self.press_key()
        self.box.wait_screen(lambda picture: picture.text(), "setup, after a key was pressed again", SOON_S)
        typed = ["1\n", CHANNEL + "\n", KEY + "\n", "y\n", "\n", "lobby-4\n", "\n", "\n", "\n"]
        for text in typed:
            self.box.type(text)
            self.wait_settled()
        self.box.keep(self.box.screen(), "answered")
        boot = self.box.shell.run("cat /proc/sys/kernel/random/boot_id")
        self.box.type("y\n")
        self.assert_typed(sum(map(len, typed)) + 2, "setup at the screen")
        self.wait_another_boot(boot)
        self.wait_shown(self.programme.on(language="ko"), "the channel's picture, set up at the screen", 600)
        self.assertEqual("lobby-4", self.box.shell.run("hostname"))

    def press_key(self):
        """Once the box listens to the keyboard (again)."""
        self.box.shell.run("until pgrep -x dd >/dev/null; do sleep 1; done", SOON_S)
        self.box.type("\n")

    def wait_another_boot(self, before):
        """Until the box has started again by itself: its shell answers until it goes down, and may be cut off within a word."""
        end = time.monotonic() + 2 * SOON_S
        while time.monotonic() < end:
            try:
                self.box.shell.open(SOON_S)
                if self.box.shell.run("cat /proc/sys/kernel/random/boot_id", 30) != before:
                    return
            except (AssertionError, ValueError):
                continue
        print("# " + self.box.shell.run("systemctl list-jobs --no-pager", check=False).replace("\n", "\n# "))
        self.fail(f"the box has not started again; its screen: {self.box.keep(self.box.screen(), 'not-again')}")

    def wait_settled(self):
        """Until the screen has shown nothing new for a while: what was typed is on it, and what was answered. Its cursor blinks."""
        known, since = set(), time.monotonic()
        def settled(picture):
            nonlocal since
            if picture.data not in known:
                known.add(picture.data)
                since = time.monotonic()
            return time.monotonic() - since > 3
        self.box.wait_screen(settled, "a screen that stands still", SOON_S)

    def test_3_set_up(self):
        """From now on a key does nothing, however often."""
        with self.box.watched() as seen:
            for _ in range(3):
                self.box.type("\n")
                for number in (3, 1):
                    self.box.press("alt", f"f{number}")
                    # The kernel drops a switch back to the terminal that it has not left yet.
                    self.box.shell.run(f"until [ $(cat /sys/class/tty/tty0/active) = tty{number} ]; do sleep 0.2; done", 60)
            self.wait_shown(self.programme.on(language="ko"), "the channel's picture, whatever key is pressed")
        self.assert_no_text(seen, "keys on a box that is set up")


if __name__ == "__main__":
    tap.main()
