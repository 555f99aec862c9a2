"""What is written about Duckling: the list of files, links, examples, manual pages."""
import fnmatch
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap
from player import TOP, WAIT_S, run

MISSING = ": No such file or directory"
PAGES = sorted((TOP / "packaging/man").glob("*.[1-9]"))


def repository():
    """The paths of all files that are ours, or None where git can't tell (an unpacked archive)."""
    if not shutil.which("git"):
        return None
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=TOP, text=True, capture_output=True)
    return None if done.returncode else [p for p in done.stdout.splitlines() if (TOP / p).exists()]


def documents():
    return sorted(p for p in TOP.rglob("*.md") if p.relative_to(TOP).parts[0] not in ("build", ".git"))


def listed():
    """What "Where things are" lists: paths and patterns. One with [ch] is a pair, one with / at its end a folder."""
    text = (TOP / "CONTRIBUTING.md").read_text().split("\n## Where things are\n")[1]
    found = []
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        folder = re.match(r"`(\S+/)`\n", section)[1].removeprefix("./")
        for item in re.findall(r"^- (.*(?:\n  .*)*)", section, re.MULTILINE):
            line = re.fullmatch(r"((?:`[^`]+`,?\s+)*`[^`]+`):\s+(\S[\s\S]*\.)", item)
            assert line, f"no line of the form `name`: what it is for. {item!r}"
            found += [folder + name for name in re.findall(r"`([^`]+)`", line[1])]
    return found


def covers(pattern, path):
    return path.startswith(pattern) if pattern.endswith("/") else fnmatch.fnmatchcase(path, pattern) and (
        path.count("/") == pattern.count("/"))


def anchors(document):
    """GitHub's names of a document's headings."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Files(unittest.TestCase):
    def setUp(self):
        self.files = repository()
        if self.files is None:
            self.skipTest("git can't list the files here")

    def test_every_file_has_its_line(self):
        patterns = listed()
        self.assertEqual([f for f in self.files if not any(covers(p, f) for p in patterns)], [])

    def test_every_line_has_its_file(self):
        for pattern in listed():
            wanted = [pattern.replace("[ch]", c) for c in "ch"] if "[ch]" in pattern else [pattern]
            for one in wanted:
                self.assertTrue(any(covers(one, f) for f in self.files), f"{one} is listed, and is not there")

    def test_nothing_is_listed_twice(self):
        patterns = listed()
        self.assertEqual(len(patterns), len(set(patterns)))
        for file in self.files:
            self.assertLessEqual(sum(covers(p, file) for p in patterns if "test_*" not in p), 1, file)

    def test_tests_without_a_line_of_their_own_are_named_after_a_module(self):
        patterns = listed()
        modules = {Path(f).stem for f in self.files if f.startswith("player/")}
        for file in fnmatch.filter(self.files, "tests/unit/test_*.c"):
            if not any(covers(p, file) for p in patterns if "test_*" not in p):
                self.assertIn(Path(file).stem.removeprefix("test_"), modules)


class Links(unittest.TestCase):
    def test_relative_links_lead_somewhere(self):
        count = 0
        for document in documents():
            text = re.sub(r"^    .*$|`[^`\n]*`", "", document.read_text(), flags=re.MULTILINE)
            for link in re.findall(r"\]\(([^)\s]+)\)", text):
                if re.match(r"[a-z]+:", link):
                    continue
                count += 1
                path, _, anchor = link.partition("#")
                target = document.parent / path if path else document
                self.assertTrue(target.exists(), f"{document.relative_to(TOP)}: {link}")
                if anchor:
                    self.assertIn(anchor, anchors(target), f"{document.relative_to(TOP)}: {link}")
        self.assertGreater(count, 4)


def examples():
    """(where, JSON text) of each whole playlist in README.md (indented blocks) and in duckling-playlist.5 (marked ones)."""
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", (TOP / "README.md").read_text(), re.MULTILINE)
    found = [("README.md", block) for block in blocks if '"format"' in block]
    page = (TOP / "packaging/man/duckling-playlist.5").read_text()
    for block in re.findall(r'^\.\\" playlist\n\.nf\n(.*?)^\.fi$', page, re.MULTILINE | re.DOTALL):
        found.append(("duckling-playlist.5", block.replace("\\-", "-").replace("\\e", "\\")))
    return found


class Examples(unittest.TestCase):
    def test_every_playlist_is_right_but_for_its_files(self):
        """The pictures of an example are not there: each may be missed, and nothing else may be said."""
        self.assertGreaterEqual(len(examples()), 5)
        for where, text in examples():
            with self.subTest(where, text=text[:60]), tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "p.json"
                path.write_text(text)
                done = run("preview", path, "-o", Path(folder) / "x.png", "--size", "64x64")
                faults = re.findall(r"^error playout: fault at \S+ reason=\"(.*)\"$", done.stderr, re.MULTILINE)
                self.assertTrue(faults, done.stderr)
                self.assertEqual([f for f in faults if not f.endswith(MISSING)], [])

    def test_a_fault_would_be_found(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "p.json"
            path.write_text('{"format": "duckling/1", "spots": {"a": {"image": "a.jpg", "durration": 3}}}')
            done = run("preview", path, "-o", Path(folder) / "x.png")
            self.assertIn("unknown key", done.stderr)
            self.assertNotIn(MISSING, done.stderr)


class Manuals(unittest.TestCase):
    def test_pages_have_no_warnings(self):
        self.assertGreaterEqual(len(PAGES), 2)
        self.assertTrue(shutil.which("groff"), "groff is missing: make deps")
        for page in PAGES:
            done = subprocess.run(["groff", "-k", "-man", "-ww", "-Tutf8", "-z", page], text=True, capture_output=True,
                                  timeout=WAIT_S)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_pages_name_this_version(self):
        version = run("--version").stdout.split()[1]
        for page in PAGES:
            self.assertIn(f'"duckling {version}"', page.read_text(), page.name)

    def test_playlist_page_knows_every_key_and_word(self):
        """The parser's own tables of keys and words, held against the page."""
        page = (TOP / "packaging/man/duckling-playlist.5").read_text().replace("\\-", "-").replace("\\(dq", '"')
        words = set()
        for source in (TOP / "player/core").glob("playlist_*.c"):
            for table in re.findall(r"\*const [A-Z_]+\[\] = \{(.*?)\};", source.read_text(), re.DOTALL):
                words.update(re.findall(r'"([^"]+)"', table))
        self.assertGreater(len(words), 60)
        self.assertEqual([w for w in sorted(words) if not re.search(rf"(?<![\w-]){re.escape(w)}(?![\w-])", page)], [])

    def test_what_check_looks_at_of_a_film(self):
        """The numbers of check_film_probe.h, in seconds, stand in the page."""
        page = (TOP / "packaging/man/duckling.1").read_text()
        header = (TOP / "player/commands/check/check_film_probe.h").read_text()
        numbers = {name: int(us) // 1000000 for name, us in re.findall(r"#define CHECK_WATCH_(\w*)US INT64_C\((\d+)\)", header)}
        self.assertEqual(sorted(numbers), ["", "END_", "LONG_", "TIMED_"])
        told = re.search(r"its first (\d+) seconds, the first (\d+) of which are timed;\nof a longer one that tells its length also the "
                         r"last (\d+) seconds, and of one longer than (\d+) seconds", page)
        self.assertTrue(told)
        self.assertEqual([int(n) for n in told.groups()], [numbers[name] for name in ("", "TIMED_", "END_", "LONG_")])

    def test_which_films_are_played(self):
        """The page names each codec that the player's list has, and no other."""
        names = {"h264": "H.264", "hevc": "HEVC", "vp8": "VP8", "vp9": "VP9", "libdav1d": "AV1", "aac": "AAC", "mp3float": "MP3",
                 "ac3": "AC\\-3", "opus": "Opus", "vorbis": "Vorbis", "flac": "FLAC", "pcm_s16le": "PCM of 16 bits"}
        table = (TOP / "player/worker/film/film_codec.h").read_text()
        decoders = re.search(r"#define FILM_CODEC_DECODERS\s[\s\\]*\"([^\"]+)\"", table)[1].split(",")
        page = (TOP / "packaging/man/duckling-playlist.5").read_text()
        pictures = re.search(r"Matroska file, whatever its name ends in, with (.*?), of at most", page)[1]
        sound = re.search(r"^(.*) can be played; other sound", page, re.MULTILINE)[1]
        told = [re.split(", | or | and ", text) for text in (pictures, sound)]
        self.assertEqual(sorted(told[0] + told[1]), sorted(names[decoder] for decoder in decoders))

    def test_films_of_preview_are_told_to_be_silent(self):
        self.assertIn("no sound", run("preview", "--help-all").stdout)
        self.assertIn("no sound", (TOP / "packaging/man/duckling.1").read_text().split(".SS duckling preview")[1].split(".SS ")[0])


if __name__ == "__main__":
    tap.main()
