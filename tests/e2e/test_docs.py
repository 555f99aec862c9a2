"""What is written about Duckling: sizes, the map of modules, what is named where, links, quoted messages, examples, manual pages."""
import contextlib
import importlib.machinery
import importlib.util
import io
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

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
    """Looked for beside build/, where other tests come and go."""
    parts = [TOP.glob("*.md"), *(p.rglob("*.md") for p in TOP.iterdir() if p.is_dir() and p.name not in ("build", ".git"))]
    return sorted(document for part in parts for document in part)


def anchors(document):
    """GitHub's names of a document's headings."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def map_maker():
    loader = importlib.machinery.SourceFileLoader("map_maker", str(TOP / "packaging/map"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("map_maker", loader))
    with mock.patch("sys.dont_write_bytecode", True):
        loader.exec_module(module)
    return module


class Sizes(unittest.TestCase):
    def test_they_are_read_to_their_end(self):
        for name, most in (("README.md", 10240), ("CONTRIBUTING.md", 8192)):
            self.assertLessEqual((TOP / name).stat().st_size, most, name)


class Map(unittest.TestCase):
    """The map of modules in player/README.md, which packaging/map makes from the headers."""

    def check(self, text):
        """What `packaging/map --check` returns and says where player/README.md holds this."""
        maker = map_maker()
        with tempfile.TemporaryDirectory() as folder:
            maker.DOCUMENT = Path(folder) / "README.md"
            maker.DOCUMENT.write_text(text)
            words = io.StringIO()
            with mock.patch("sys.argv", ["map", "--check"]), contextlib.redirect_stderr(words):
                return maker.main(), words.getvalue()

    def test_it_is_fresh(self):
        status, words = self.check((TOP / "player/README.md").read_text())
        self.assertEqual((status, words), (0, ""), words)

    def test_a_stale_one_would_be_found(self):
        text = (TOP / "player/README.md").read_text()
        for stale in (re.sub(r"^- \[trust\].*\n", "", text, flags=re.MULTILINE), text.replace("- [trust]", "- [truth]"),
                      re.sub(r"^\| `core/` .*\n", "", text, flags=re.MULTILINE)):
            self.assertNotEqual(stale, text)
            status, words = self.check(stale)
            self.assertEqual(status, 1)
            self.assertRegex(words, "trust|core/")

    def test_first_sentences(self):
        first_sentence = map_maker().first_sentence
        for text, sentence in (("/* One. Two. */", "One."), ("/* It is core/x.c that\n * does it (RFC 1). More.\n */", "It is core/x.c that does it (RFC 1)."),
                               ("/* As here:\n *\n *     a=b\n */", "As here."), ("#include \"x.h\"\n/* No. */", None)):
            self.assertEqual(first_sentence(text), sentence)


class Names(unittest.TestCase):
    """Who looks for a file finds it, and finds what is named."""

    def setUp(self):
        self.files = repository()
        if self.files is None:
            self.skipTest("git can't list the files here")

    def test_paths_in_documents_are_there(self):
        """Those from the top of the tree in all documents, and those below player/ in its own; NAME and the like stand for any name."""
        folders = {str(parent) for file in self.files for parent in Path(file).parents}
        count = 0
        for document in documents():
            text = document.read_text()
            paths = re.findall(r"(?<![\w/.-])(?:player|tests|packaging|playlists|media|fonts)/[\w./*-]*[\w*/]", text)
            if document == TOP / "player/README.md":
                own = re.findall(r"`([a-z_]+(?:/[\w*]+)*(?:/|\.[ch]))`", text.split("<!-- make map: begin")[0])
                paths += ["player/" + path for path in own]
            for path in paths:
                if re.search("NAME|MODULE|WHAT|_$", path) or document.parent.joinpath(path).exists():
                    continue
                count += 1
                there = path.rstrip("/") in folders or any(Path(file).match(path) for file in self.files)
                self.assertTrue(there, f"{document.relative_to(TOP)} names {path}")
        self.assertGreater(count, 20)

    def test_what_tests_share_is_explained(self):
        """Each file of tests that is no test, no probe, fuzzer or bench, and no data is named in a README above it."""
        apart = re.compile(r"tests/(golden|fuzz/seeds|zones)/|/(test|probe|fuzz)_\w+\.(c|py)$|\.(dict|txt|md)$")
        for file in self.files:
            if file.startswith("tests/") and not apart.search(file):
                readmes = [TOP / parent / "README.md" for parent in Path(file).parents if (TOP / parent / "README.md").exists()]
                names = {Path(name).name for readme in readmes for name in re.findall(r"`([^`\s]+)`", readme.read_text())}
                self.assertIn(Path(file).name, names, f"{file} is named in none of tests/README.md and tests/bench/README.md")

    def test_unit_tests_are_named_after_modules(self):
        modules = {Path(file).stem for file in self.files if file.startswith("player/")}
        for file in self.files:
            if re.match(r"tests/unit/test_\w+\.c$", file):
                words = Path(file).stem.split("_")[1:]
                self.assertTrue(any("_".join(words[:n]) in modules for n in range(1, len(words) + 1)), file)

    def test_what_packaging_holds_is_named(self):
        text = (TOP / "CONTRIBUTING.md").read_text().split("\n## What else is where\n")[1]
        for name in {Path(file).parts[1] for file in self.files if file.startswith("packaging/")}:
            self.assertRegex(text, rf"\b{re.escape(name)}\b")


def literals():
    """The string literals of the player, pieces of one joined."""
    found = set()
    for source in (TOP / "player").rglob("*.[ch]"):
        code = re.sub(r"/\*.*?\*/", "", source.read_text(), flags=re.DOTALL)
        for run_of in re.findall(r'(?:"(?:[^"\\\n]|\\.)*"\s*(?:PRI\w+\s*)?)+', code):
            text = "".join(piece if word is None else "d" for piece, word in (
                (m[1], m[2]) for m in re.finditer(r'"((?:[^"\\\n]|\\.)*)"|(PRI\w+)', run_of)) if piece is not None or word)
            found.add(text.replace('\\"', '"').replace("\\n", "\n"))
    return found


class Quotes(unittest.TestCase):
    """What documents say that the player says, it says."""

    def setUp(self):
        self.literals = literals()
        self.assertGreater(len(self.literals), 1000)

    def said(self, quote):
        """Each piece of a quote, parted where a value begins or ends, is in some literal."""
        return all(any(piece in literal for literal in self.literals) for piece in re.split(r'(?<==)|"', quote) if piece)

    def test_symptoms(self):
        count = 0
        for row in re.findall(r"^\| (`.*?) \|", (TOP / "packaging/doc/trouble.md").read_text(), re.MULTILINE):
            for quote in re.findall(r"`([^`]+)`", row):
                count += 1
                self.assertTrue(self.said(quote), f"trouble.md: nothing in player/ says {quote!r}")
        self.assertGreater(count, 20)
        self.assertFalse(self.said("attack=\"nothing of the kind\""))

    def test_what_check_says_in_the_readme(self):
        """Each line is one that a literal of the program makes, with values in its places."""
        lines = re.findall(r"^    (?:warning|fault) +\$\S*: (.*)$", (TOP / "README.md").read_text(), re.MULTILINE)
        self.assertGreaterEqual(len(lines), 3)
        patterns = [re.sub(r"(%|\\%)[-+ #0-9.*\\]*(?:l|ll|z|j|h)*[a-z]", ".*", re.escape(literal)) for literal in self.literals
                    if len(literal) > 20]
        for line in lines:
            if not line.endswith(MISSING):
                self.assertTrue(any(re.fullmatch(pattern, line) for pattern in patterns), f"README.md: check doesn't say {line!r}")


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
                faults = re.findall(r"^\w+ edition: .* at=\S+ reason=\"(.*)\"$", done.stderr, re.MULTILINE)
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
        for source in (TOP / "player").rglob("playlist_*.c"):
            for table in re.findall(r"\*const [A-Z_]+\[\] = \{(.*?)\};", source.read_text(), re.DOTALL):
                words.update(re.findall(r'"([^"]+)"', table))
        self.assertGreater(len(words), 60)
        self.assertEqual([w for w in sorted(words) if not re.search(rf"(?<![\w-]){re.escape(w)}(?![\w-])", page)], [])

    def test_what_check_looks_at_of_a_film(self):
        """The numbers of the player's header, in seconds, stand in the page."""
        page = (TOP / "packaging/man/duckling.1").read_text()
        header = "".join(path.read_text() for path in (TOP / "player").rglob("check_*.h"))
        numbers = {name: int(us) // 1000000
                   for name, us in re.findall(r"#define CHECK_[A-Z_]*?(TIMED_|END_|LONG_|)US INT64_C\((\d+)\)", header)}
        self.assertEqual(sorted(numbers), ["", "END_", "LONG_", "TIMED_"])
        told = re.search(r"its first (\d+) seconds, the first (\d+) of which are timed;\nof a longer one that tells its length also the "
                         r"last (\d+) seconds, and of one longer than (\d+) seconds", page)
        self.assertTrue(told)
        self.assertEqual([int(n) for n in told.groups()], [numbers[name] for name in ("", "TIMED_", "END_", "LONG_")])

    def test_which_films_are_played(self):
        """The page names each codec that the player's list has, and no other."""
        names = {"h264": "H.264", "hevc": "HEVC", "vp8": "VP8", "vp9": "VP9", "libdav1d": "AV1", "aac": "AAC", "mp3float": "MP3",
                 "ac3": "AC\\-3", "opus": "Opus", "vorbis": "Vorbis", "flac": "FLAC", "pcm_s16le": "PCM of 16 bits"}
        table = "".join(path.read_text() for path in (TOP / "player").rglob("*_codec.h"))
        decoders = re.search(r"#define (?:MOVIE|FILM)_CODEC_DECODERS\s[\s\\]*\"([^\"]+)\"", table)[1].split(",")
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
