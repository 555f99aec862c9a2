"""Words of Chinese: the table against jieba's own program, with whichever list is installed; and a player without a table."""
import math
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import player
import tap
from player import TOP, WAIT_S, environment, playlist

BUILD = Path(os.environ.get("TEST_BUILD", TOP / "build/asan"))
PROBE = BUILD / "tests/faults/probe_words"
LIST = Path("/usr/lib/python3/dist-packages/jieba/dict.txt")
COMPILE = TOP / "packaging/words/compile"
SEED = int(os.environ.get("TEST_SEED", 20260206))
# Costs in the table are rounded to this.
STEP = 1 / 2048
SENTENCES = ["相信小的伟大", "国家体育总局今天发布了名单", "互联网改变了我们的生活", "他停下来让鸭子先过", "研究生命的起源", "南京市长江大桥",
             "结婚的和尚未结婚的", "每一个微小的行动都能通向伟大", "一二三四五六七八九十", "囧囧囧", "乒乓球拍卖完了"]


def compile_list(source, table):
    return subprocess.run([COMPILE, source, table], text=True, capture_output=True, timeout=WAIT_S)


def cut(table, texts):
    done = subprocess.run([PROBE, table], input="".join(text + "\n" for text in texts), text=True, capture_output=True, timeout=WAIT_S)
    assert done.returncode == 0, done.stderr
    return [line.split(" ") for line in done.stdout.splitlines()]


class AgainstJieba(unittest.TestCase):
    def setUp(self):
        # Where Debian has it, which another Python than Debian's does not look into.
        with mock.patch.object(sys, "path", [*sys.path, str(LIST.parents[1])]):
            try:
                import jieba
            except ImportError:
                self.skipTest("jieba is not installed: make deps")
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.tokenizer = jieba.Tokenizer(str(LIST))
        self.tokenizer.tmp_dir = str(self.folder)
        jieba.setLogLevel(60)
        self.tokenizer.initialize()
        self.table = self.folder / "words"
        done = compile_list(LIST, self.table)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def texts(self):
        """Sentences, and words of the list in a row, with characters of no word between some of them."""
        words = sorted(word for word, n in self.tokenizer.FREQ.items() if n and re.fullmatch("[\u4e00-\u9fd5]+", word))
        chance = random.Random(SEED)
        for _ in range(2000):
            yield "".join(chance.choice(words) if chance.random() < .9 else chr(chance.randrange(0x4e00, 0x9fd6)) for _ in
                          range(chance.randrange(2, 9)))

    def cost(self, words):
        return sum(math.log(self.tokenizer.total) - math.log(self.tokenizer.FREQ.get(word) or 1) for word in words)

    def test_the_same_words_are_found(self):
        texts = [*SENTENCES, *self.texts()]
        different = 0
        for text, ours in zip(texts, cut(self.table, texts), strict=True):
            theirs = self.tokenizer.lcut(text, HMM=False)
            self.assertEqual("".join(ours), text)
            if ours != theirs:
                different += 1
                # Two ways that are as good as each other, but for the rounding of costs.
                self.assertLess(abs(self.cost(ours) - self.cost(theirs)), STEP * len(text), f"{ours} {theirs} seed={SEED}")
        self.assertLess(different, len(texts) / 50)

    def test_the_table_is_small_and_always_the_same(self):
        self.assertLessEqual(self.table.stat().st_size, 3_000_000)
        again = self.folder / "again"
        compile_list(LIST, again)
        self.assertEqual(again.read_bytes(), self.table.read_bytes())

    def test_the_one_that_was_built_is_this_one(self):
        self.assertEqual((BUILD / "words/zh-hans.words").read_bytes(), self.table.read_bytes())


class Lists(unittest.TestCase):
    """What packaging/words/compile says of a list that is none."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def refused(self, text):
        (self.folder / "list").write_text(text)
        done = compile_list(self.folder / "list", self.folder / "table")
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse((self.folder / "table").exists())
        return done.stderr

    def test_what_is_no_list_is_refused(self):
        self.assertIn(":2: a word and its frequency expected", self.refused("相信 5\n伟大\n"))
        self.assertIn(":1: a word and its frequency expected", self.refused("相信 often v\n"))
        self.assertIn("no Chinese words", self.refused("hello 5\n"))
        self.assertIn("no Chinese words", self.refused(""))

    def test_a_list_that_is_too_long_is_refused(self):
        words = "".join(f"{chr(0x4e00 + i % 20000)}{chr(0x4e00 + i // 20000)}{'相' * 6} 5\n" for i in range(200000))
        self.assertIn("at most 3000000 are allowed", self.refused(words))


class Player(unittest.TestCase):
    """A program by itself, as it is installed, with and without its table."""
    TEXT = "互联网改变了我们的生活世界经济文化社会国家"

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "bin").mkdir()
        self.program = self.folder / "bin/duckling"
        shutil.copy(BUILD / "duckling", self.program)
        shutil.copytree(TOP / "fonts", self.folder / "share/duckling/fonts")
        self.table = self.folder / "share/duckling/words/zh-hans.words"
        self.table.parent.mkdir(parents=True)
        self.list = self.folder / "p.json"

    def write(self, *languages):
        spots = {f"s{i}": {"tagline": {language: self.TEXT}, "duration": 1, "transition": "cut"} for i, language in enumerate(languages)}
        playlist(self.list, spots)

    def run_program(self, *arguments):
        done = subprocess.run([self.program, *arguments, "--decode-timeout", "60"], text=True, capture_output=True, env=environment(),
                              timeout=WAIT_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [line for line in done.stderr.splitlines() if "table of Chinese words" in line]

    def play(self, *spots):
        """What it says of the table, once all spots were on."""
        with mock.patch("player.DUCKLING", self.program), player.Player(self.folder, self.list) as playing:
            for spot in spots:
                playing.wait_shown(spot)
            playing.stop()
            return [line for line in playing.log().splitlines() if "table of Chinese words" in line]

    def preview(self, name):
        told = self.run_program("preview", self.list, "-o", self.folder / name, "--size", "270x480")
        return told, (self.folder / name).read_bytes()

    def test_without_a_table_it_says_so_once_and_plays(self):
        self.write("zh-Hans", "zh-CN", "zh")
        self.assertEqual(len(self.play("s0", "s1", "s2")), 1)
        self.table.write_bytes(b"no table")
        self.assertEqual(len(self.play("s0", "s1", "s2")), 1)

    def test_who_needs_no_table_does_not_miss_it(self):
        self.write("zh-Hant", "zh-HK")
        self.assertEqual(self.play("s0", "s1"), [])
        playlist(self.list, {"a": {"tagline": "To the greatness of small.", "duration": 1}})
        self.assertEqual(self.play("a"), [])

    def test_lines_are_other_ones_with_a_table(self):
        self.write("zh-Hans")
        told, without = self.preview("without.png")
        self.assertEqual(len(told), 1)
        (self.folder / "list").write_text("".join(f"{word} 1000\n" for word in ("互联网", "改变", "我们", "生活", "世界经济", "文化社会国家")))
        self.assertEqual(compile_list(self.folder / "list", self.table).returncode, 0)
        told, with_table = self.preview("with.png")
        self.assertEqual(told, [])
        self.assertNotEqual(with_table, without)

    def test_the_doctor_tells(self):
        self.write("zh-Hans")
        done = subprocess.run([self.program, "doctor", self.list], text=True, capture_output=True, env=environment(), timeout=WAIT_S)
        self.assertIn("zh-Hans: the table of Chinese words is missing or damaged", done.stdout)


class Installed(unittest.TestCase):
    def install(self, *variables):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        done = subprocess.run(["make", "-s", "install", f"DESTDIR={folder}", "PREFIX=/usr", *variables], cwd=TOP, text=True,
                              capture_output=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)
        return sorted(path.name for path in (folder / "usr/share/duckling/words").glob("*")), done.stderr

    def test_the_table_comes_with_its_license(self):
        if not LIST.exists():
            self.skipTest("jieba is not installed: make deps")
        self.assertEqual(self.install(), (["LICENSE", "zh-hans.words"], ""))

    def test_without_a_list_it_is_installed_all_the_same(self):
        names, said = self.install("JIEBA_LIST=/nowhere")
        self.assertEqual(names, [])
        self.assertIn("no list of Chinese words (package python3-jieba)", said)


if __name__ == "__main__":
    tap.main()
