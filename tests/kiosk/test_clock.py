"""Boxes whose clocks are wrong, and whose screens are unlike others: each is switched on once."""
import tap
from box_case import PATIENT, BoxCase, Programme, full_only


@full_only
class Clock(BoxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.programme = Programme(cls.folder)
        cls.settings = f"source = /boot/duckling/playlist.json\nlanguage = en\n{PATIENT}"

    def start(self, name, clock, more="", **options):
        disk = self.flash(name, **{"player.conf": self.settings + more, **self.programme.files()})
        box = self.enterContext(self.switch_on(disk, clock=clock, **options))
        box.shell.open()
        return box

    def test_1970(self):
        """An empty battery. The system takes no time before its own making for true; whatever it takes, the screen goes by it."""
        box = self.start("1970", "1970-01-01T00:00:10")
        self.assertGreater(int(box.shell.run("date +%s")), 1_700_000_000)
        took = self.wait_right(box, self.programme, self.clock_of(box), "the right picture in 1970")
        print(f"# after the shell: {took:.0f} s", flush=True)

    def test_2038(self):
        """Past what 32 bits hold; on a screen on its side, beside a second output."""
        box = self.start("2038", "2038-01-19T03:14:00", "rotate = 90\n", outputs=2)
        self.assertGreater(int(box.shell.run("date +%s")), 2**31)
        portrait = self.programme.on((1920, 1080), "--rotate", "90")
        self.wait_right(box, portrait, self.clock_of(box), "the right picture in 2038, turned")


if __name__ == "__main__":
    tap.main()
