"""Texts lie above the pictures and have times of their own in a transition: never are two of them seen at once, whatever the
transition is. By what `duckling preview` draws, read by ImageMagick."""
import json
import tempfile
import unittest
from pathlib import Path

import pictures
import player
import tap

SIZE = (160, 90)
STEPS = 12  # of a transition of 1.2 seconds
TRANSITIONS = json.loads((player.TOP / "playlists/playlist.schema.json").read_text())["$defs"]["transition_type"]["enum"]
STYLES = {name: {"color": color, "shadow": False, "size": 0.2, "position": "center"}
          for name, color in (("red", "#ff0000"), ("green", "#00ff00"), ("white", "#ffffff"))}


class TextPlane(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def frames(self, spots, transition, count=STEPS, fps=10, at="00:00:10", size=SIZE, options=(), **defaults):
        """What is on screen from the beginning of the second slot, as lists of R, G, B bytes."""
        player.playlist(self.folder / "p.json", spots, timezone="UTC", styles=STYLES,
                        defaults={"duration": 10, "transition": {"type": transition, "duration": 1.2}, **defaults})
        done = player.run("preview", self.folder / "p.json", "-o", self.folder / "f-%d.png", "--at", f"2026-02-06T{at}", "--frames",
                          count, "--fps", fps, "--size", f"{size[0]}x{size[1]}", "--language", "en", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [pictures.read_rgb(self.folder / f"f-{i:04}.png", "black") for i in range(count)]

    def test_no_two_texts_in_any_transition(self):
        spots = {"a": {"tagline": "One rink", "tagline_style": "red"},
                 "b": {"tagline": "Whole country", "tagline_style": "green"}}
        for transition in TRANSITIONS:
            for more in ({}, {"text_motion": "rise"}, {"text_transition": {"out": 0.6, "in": 0.4}}):
                with self.subTest(transition=transition, **more):
                    seen = [(max(frame[0::3]), max(frame[1::3])) for frame in self.frames(spots, transition, **more)]
                    for red, green in seen:
                        self.assertLessEqual(min(red, green), 26, seen)
                    if transition != "cut":
                        self.assertGreater(seen[1][0], 100, seen)
                        self.assertGreater(seen[-1][1], 200, seen)

    def test_a_text_of_both_stays(self):
        spots = {"a": {"tagline": "One rink", "tagline_style": "white", "background": "#203040"},
                 "b": {"tagline": "One rink", "tagline_style": "white", "background": "#402010"}}
        for transition in TRANSITIONS:
            for motion in ("none", "rise"):
                with self.subTest(transition=transition, motion=motion):
                    frames = self.frames(spots, transition, text_motion=motion)
                    letters = [i for i in range(0, len(frames[0]), 3) if frames[0][i] == 255]
                    self.assertGreater(len(letters), 100)
                    for frame in frames:
                        self.assertTrue(all(frame[i] == 255 for i in letters))

    def test_pictures_do_not_know_of_texts(self):
        grounds = {"a": {"background": "#203040"}, "b": {"background": "#c0a010"}}
        spots = {"a": {**grounds["a"], "tagline": "One rink", "tagline_style": "red"},
                 "b": {**grounds["b"], "tagline": "Whole country", "tagline_style": "green"}}
        letters = set()
        for at in ("00:00:05", "00:00:15"):
            still, bare = (self.frames(which, "cut", at=at, count=1)[0] for which in (spots, grounds))
            letters |= {i // 3 for i in range(len(bare)) if still[i] != bare[i]}
        self.assertGreater(len(letters), 100)
        self.assertLess(len(letters), len(bare) // 3 // 4)
        for transition in TRANSITIONS:
            with self.subTest(transition=transition):
                plain = self.frames(grounds, transition)
                for frame, without in zip(self.frames(spots, transition), plain):
                    apart = {i // 3 for i in range(len(frame)) if frame[i] != without[i]}
                    self.assertLessEqual(apart, letters)
                if transition == "crossfade":
                    for step, frame in enumerate(plain):
                        part = step / STEPS
                        part = part * part * (3 - 2 * part)
                        for channel, (old, new) in enumerate(zip((0x20, 0x30, 0x40), (0xc0, 0xa0, 0x10))):
                            self.assertTrue(all(abs(value - old - (new - old) * part) <= 1 for value in frame[channel::3]))

    def test_a_rising_text_ends_where_it_stands(self):
        spots = {"a": {"background": "#000000"}, "b": {"tagline": "One rink.\nA whole country.", "tagline_style": "white"}}
        for size, turn in ((SIZE, 0), ((90, 160), 90), (SIZE, 180), ((90, 160), 270)):
            with self.subTest(rotate=turn):
                options = ("--rotate", turn)
                frames = self.frames(spots, "crossfade", at="00:00:10.700", size=size, options=options, text_motion="rise", fps=20, count=30)
                still = self.frames(spots, "crossfade", at="00:00:15", size=size, options=options, text_motion="none", count=1)[0]
                self.assertEqual(max(frames[0]), 0)
                self.assertTrue(frames[-1] == still)
                self.assertTrue(all(frame != still for frame in frames[:10]))
                light = [sum(frame) for frame in frames]
                self.assertEqual(sorted(light[:12]), light[:12])
                for before, after in zip(frames, frames[1:]):
                    self.assertLess(abs(sum(after) - sum(before)), 0.4 * sum(still))


if __name__ == "__main__":
    tap.main()
