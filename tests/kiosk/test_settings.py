"""Signed settings that come on a USB stick: those for this box are taken, and no others."""
import time

import publishing
import tap
from box_case import SIZE
from stick_case import StickCase


class Settings(StickCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger = publishing.make_key(cls.folder, "stranger")
        cls.channel, cls.programme = cls.publish(["ducklings", "boat", "seedling"])
        cls.disk = cls.flash_with_key(more="site = lobby\n")

    def signed(self, text, version, name="site=lobby", key=None, signature=True):
        """A stick with these settings."""
        folder = self.folder / f"settings-{len(list(self.folder.glob('settings-*')))}"
        folder.mkdir()
        file = folder / "duckling.conf"
        file.write_text(text)
        comment = (f"{name} version={version} file=duckling.conf bytes={len(text)} signed={publishing.rfc3339()} "
                   f"expires={publishing.rfc3339(90 * 86400)}")
        publishing.minisign("-S", "-W", "-s", key or self.secret, "-m", file, "-t", comment)
        return self.stick("SETTINGS", *([file, folder / "duckling.conf.minisig"] if signature else [file]))

    def plug(self, box, stick, words):
        """Until the box has said so of it."""
        before = int(box.shell.run("journalctl -b -t duckling-stick -o cat | wc -l"))
        box.plug(stick)
        end = time.monotonic() + 120
        while True:
            said = box.shell.run(f"journalctl -b -t duckling-stick -o cat | tail -n +{before + 1}")
            if words in said:
                break
            self.assertLess(time.monotonic(), end, f"{words!r} is not in: {said}")
        box.unplug()

    def test_only_those_for_this_box_are_taken(self):
        with self.switch_on(self.disk, stick=self.channel) as box:
            box.shell.open()
            clock = self.clock_of(box)
            self.wait_right(box, self.programme, clock, "the stick's programme", 600)
            box.unplug()
            upside_down, upright = "rotate = 180\n", "rotate = 0\n"
            self.plug(box, self.signed(upside_down, 2), "settings of the stick taken version=2")
            turned = self.programme.on(SIZE, "--rotate", "180")
            self.wait_right(box, turned, clock, "the picture upside down, as the settings of the stick say", 300)
            for stick, reason in ((self.signed(upright, 1), "rollback"), (self.signed(upright, 3, "site=roof"), "they are for the site"),
                                  (self.signed(upright, 3, "player=another"), "they are for the player"),
                                  (self.signed(upright, 3, key=self.stranger), "key"),
                                  (self.signed(upright, 3, signature=False), "minisig"),
                                  (self.signed("rotat = 0\n", 3), "did you mean rotate")):
                with self.subTest(reason):
                    self.plug(box, stick, "settings of the stick refused")
                    self.assertIn(reason, box.shell.run("journalctl -b -t duckling-stick -o cat | grep refused | tail -n 1"))
            self.wait_right(box, turned, clock, "the picture still upside down, after all that was refused", 60)
            self.plug(box, self.signed(upright, 3), "settings of the stick taken version=3")
            self.wait_right(box, self.programme, clock, "the picture upright, as the newer settings say", 300)


if __name__ == "__main__":
    tap.main()
