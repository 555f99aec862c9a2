"""What the handbook says: its commands and options are the program's, README says the same in three languages, the test card's pictures
are the card's."""
import re
import tempfile
import unittest
from pathlib import Path

import pictures
import tap
from player import TOP, run
from test_docs import documents, literals

HANDBOOK = TOP / "packaging/doc"
README = TOP / "README.md"
TRANSLATIONS = {tag: HANDBOOK / f"README.{tag}.md" for tag in ("ko", "zh-Hans")}
COMMANDS = re.findall(r"^  ([a-z]+) ", run("--help").stdout, re.MULTILINE)
HAN = r"[\u3400-\u9fff]"
BADLY_SET = (rf"{HAN}[A-Za-z0-9`]", rf"[A-Za-z0-9`%]{HAN}", rf"{HAN}[,.;:!?()]", r"[，。；：、（）“”] (?![|])",
             r" [，。；：、（）]", rf"{HAN}\n(?=[^\n|#-])")


def blocks(text):
    """The indented blocks, without what stands behind a command to explain it."""
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)
    return [re.sub(r"^(    (?:duckling|minisign|make|sudo) .*?)   +\S.*$", r"\1", block, flags=re.MULTILINE).strip("\n") for block in found]


def links(document):
    """Where it leads, but for its own translations."""
    found = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^    .*$", "", document.read_text(), flags=re.MULTILINE))
    places = {link if re.match("[a-z]+:", link) else str((document.parent / link).resolve()) for link in found}
    return places - {str(path) for path in (README, *TRANSLATIONS.values())}


def figures(text):
    """The last cell of each row of a table, its numbers and units."""
    return [re.findall(r"\d[\d.]* (?:ms|MB|s|%)", row) for row in re.findall(r"^\|.*\| (.*?) \|$", text, re.MULTILINE)[2:]]


class Readme(unittest.TestCase):
    """In English, Korean and Chinese: written apart, and the same in all that a reader types, sees or follows."""

    def test_commands_and_examples(self):
        self.assertGreaterEqual(len(blocks(README.read_text())), 7)
        for tag, path in TRANSLATIONS.items():
            self.assertEqual(blocks(path.read_text()), blocks(README.read_text()), tag)

    def test_commands_in_sentences(self):
        """Every name in code letters, in whatever order a language has them."""
        def names(path):
            text = re.sub(r"^    .*$", "", path.read_text(), flags=re.MULTILINE)
            return sorted(set(re.findall(r"`([^`]+)`", text)))
        for tag, path in TRANSLATIONS.items():
            self.assertEqual(names(path), names(README), tag)

    def test_links(self):
        for tag, path in TRANSLATIONS.items():
            self.assertEqual(links(path), links(README), tag)
            self.assertIn(f"({path.relative_to(TOP)})", README.read_text().split("\n## ")[0])

    def test_figures(self):
        told = figures(README.read_text())
        self.assertEqual(len(told), 5)
        for tag, path in TRANSLATIONS.items():
            self.assertEqual(figures(path.read_text()), told, tag)

    def test_headings(self):
        for tag, path in TRANSLATIONS.items():
            told, written = (len(re.findall("^## ", page.read_text(), re.MULTILINE)) for page in (path, README))
            self.assertEqual(told, written, tag)

    def test_a_difference_would_be_found(self):
        text = README.read_text()
        for other in (text.replace("duckling check spring.json", "duckling chek spring.json"), text.replace("    make test\n", ""),
                      text.replace('"focus": [0.5, 0.4]', '"focus": [0.5, 0.5]')):
            self.assertNotEqual(blocks(other), blocks(text))
        self.assertEqual(blocks(text.replace("what is on in the next day", "다음 날")), blocks(text))
        for row in figures(text):
            self.assertNotEqual(figures(text.replace(f"| {row[0]}", f"| 1{row[0]}")), figures(text), row)

    def test_chinese_is_set_as_chinese(self):
        """A space between Han and Latin letters or figures, none beside full-width signs, no half-width sign behind Han; and no line
        ends within a sentence, as browsers would put a space there."""
        text = re.sub(r"^    .*$", "", TRANSLATIONS["zh-Hans"].read_text(), flags=re.MULTILINE)
        prose = re.sub(r"\]\([^)\s]+\)|!?\[|\]|\*\*", "", text)
        for wrong in BADLY_SET:
            self.assertIsNone(re.search(f".{{0,12}}{wrong}.{{0,12}}", prose, re.DOTALL), wrong)
        for bad in ("在Debian上", "`make`会", "好,", "（ 一）", "好。 下", "一句话\n没有完"):
            self.assertTrue(any(re.search(wrong, bad) for wrong in BADLY_SET), bad)


class Commands(unittest.TestCase):
    """Whoever types what a document says is not told that there is no such command or option."""

    def test_they_are_there(self):
        options = {command: set(re.findall(r"(?<!\S)(-{1,2}[a-z][a-z-]*)", run(command, "--help-all").stdout)) for command in COMMANDS}
        count = 0
        for document in documents():
            text = document.read_text()
            for span in re.findall(r"`([^`\n]+(?:\n[^`\n]+)?)`|^    (.+)$", text, re.MULTILINE):
                span = " ".join(re.sub(r" {3,}.*", "", "".join(span)).split())
                typed = re.match(r"(?:sudo |build/)?duckling ([a-z][a-z-]*)([^|;&]*)", span)
                if typed and document.name != "CHANGELOG.md":
                    count += 1
                    self.assertIn(typed[1], COMMANDS, f"{document.relative_to(TOP)}: {span}")
                    for option in re.findall(r"(?:^| )(-{1,2}[a-z][a-z-]*)", typed[2]):
                        self.assertIn(option, options[typed[1]], f"{document.relative_to(TOP)}: {span}")
        self.assertGreater(count, 60)
        self.assertIn("--operating-hours", options["play"])


class Operate(unittest.TestCase):
    """What operate.md quotes is what the player says."""

    def setUp(self):
        self.text = (HANDBOOK / "operate.md").read_text()
        self.literals = literals()

    def rows(self, heading):
        table = self.text.split(f"| {heading} |")[1].split("\n\n")[0]
        return [re.findall(r"`([^`]+)`", row.split(" | ")[0]) for row in table.splitlines()[2:]]

    def whole(self):
        """Patterns of the literals that have words enough to be told apart."""
        conversion = r"%[-+ #0-9.*]*(?:l|ll|z|j|h)*[a-z]"
        return [".*".join(re.escape(part) for part in re.split(conversion, literal)) for literal in self.literals
                if len(re.sub(conversion + "|[^a-z]", "", literal)) >= 6]

    def test_status_and_clock(self):
        patterns = self.whole()
        for heading in ("the line `Status:`", "it says"):
            said = sum(self.rows(heading), [])
            self.assertGreaterEqual(len(said), 3)
            for words in said:
                self.assertTrue(any(re.fullmatch(pattern, words) for pattern in patterns), words)
        self.assertFalse(any(re.fullmatch(pattern, "displaying a spot of the playlist") for pattern in patterns))

    def test_lines_of_the_log(self):
        table = self.text.split("| how soon |")[1].split("\n\n")[0]
        quotes = re.findall(r"`([^`]+)`", table)
        self.assertGreater(len(quotes), 15)
        log = (HANDBOOK / "log.md").read_text()
        for quote in quotes:
            self.assertRegex(log, rf"`{re.escape(quote)}[^`]*` \|", quote)

    def test_what_the_doctor_says(self):
        found, remedy = re.search(r"^    WRONG  server +\S+: (.*)\n +Do: (.*)$", self.text, re.MULTILINE).groups()
        self.assertIn(found, self.literals)
        self.assertIn(remedy, self.literals)


class TestCard(unittest.TestCase):
    """The pictures of install.md: as large as they may be, and what `duckling identify` draws, but for the name and the facts."""

    def test_they_are_small(self):
        files = list(HANDBOOK.glob("*.webp"))
        self.assertEqual(len(files), 3)
        for file in files:
            self.assertLessEqual(file.stat().st_size, 150 * 1024, file.name)
            self.assertIn(f"({file.name})", (HANDBOOK / "install.md").read_text())

    def test_they_are_the_card(self):
        """Other releases of FreeType set type a little differently: few of the pixels may be others."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "card.png"
            done = run("identify", "-o", path, "--size", "1280x720", "--at", "2026-02-06T12:00:00.250", "--timezone", "Asia/Seoul",
                       "--language", "en", "--decode-timeout", "60", "--config", "none", TZDIR=str(TOP / "build/zoneinfo"))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            drawn, kept = (pictures.read_rgb(file, "black") for file in (path, HANDBOOK / "card-landscape.webp"))
        self.assertEqual(len(drawn), len(kept))
        far = sum(abs(drawn[i] - kept[i]) > 40 for y in range(720) if not 130 <= y < 300 for i in range(y * 3840, (y + 1) * 3840, 3))
        self.assertLess(far, 1280 * 720 // 200)


if __name__ == "__main__":
    tap.main()
