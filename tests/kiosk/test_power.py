"""Power on, as an installer sees it: the firmware, the image's own boot loader, and the campaign."""
import json
import time
from datetime import datetime, timezone

import player
import tap
from box_case import CLOCK, TOP, BoxCase
from picture import Picture


class Power(BoxCase):
    def preview(self, seconds):
        output = self.folder / "campaign.png"
        at = datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")
        done = player.run("preview", TOP / "playlists/greatness.json", "-o", output, "--at", at, "--size", "1920x1080", "--timezone", "UTC",
                          "--language", "en")
        self.assertEqual(0, done.returncode, done.stderr)
        return Picture.read(output)

    def test_the_campaign_comes_and_stays(self):
        """Nothing is configured. The one spot of the campaign without motion is a statement on a plain background: at any time within
        it the picture is the same, so that the clocks need not agree to the frame."""
        still = "greatness"
        day = json.loads((TOP / "playlists/greatness.json").read_text())
        self.assertNotIn("image", day["spots"][still])
        base = datetime.fromisoformat(CLOCK + "+00:00").timestamp()
        # The first slot of it in this day, and an instant in its middle.
        guide = player.run("guide", TOP / "playlists/greatness.json", "--from", CLOCK + "+00:00", "--to",
                           CLOCK.replace("03:00:00", "04:00:00") + "+00:00", "--timezone", "UTC", "--format", "json")
        slots = [json.loads(line) for line in guide.stdout.splitlines()]
        slot = next(s for s in slots if s["spot"] == still)
        expected = self.preview((slot["start_ms"] + slot["end_ms"]) / 2000)
        with self.switch_on(self.flash(), kernel=None) as box:
            # The box's clock was set by the machine's at its start, and runs like ours.
            def now():
                return base + time.monotonic() - box.started
            box.wait_screen(lambda picture: picture.size() == (1920, 1080) and picture.black() < 0.5, "a picture of the campaign")
            first = time.monotonic() - box.started
            print(f"# the first picture came {first:.0f} s after power on", flush=True)
            with box.watched() as seen:
                box.wait_screen(lambda picture: picture.looks_like(expected), "the statement of the campaign")
                shown = now()
            self.assert_never_black(seen, "after the first picture")
            self.assertTrue(any(s["spot"] == still and s["start_ms"] - 3000 < shown * 1000 < s["end_ms"] + 3000 for s in slots),
                            f"the statement was on at {datetime.fromtimestamp(shown, timezone.utc)}, when it was not due")


if __name__ == "__main__":
    tap.main()
