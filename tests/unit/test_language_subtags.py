"""packaging/language-subtags makes the table of language tags from IANA's registry: here from a small one of the test's own."""
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap

TOP = Path(__file__).resolve().parent.parent.parent
TABLE = TOP / "player/core/language_subtags.c"
REGISTRY = """File-Date: 2001-02-03
%%
Type: language
Subtag: ko
Description: Korean
Added: 2005-10-16
Suppress-Script: Kore
%%
Type: language
Subtag: iw
Description: Hebrew
Deprecated: 1989-01-01
Preferred-Value: he
%%
Type: language
Subtag: el
Description: Modern Greek (1453-)
Comments: a comment that goes on
  in the next line
%%
Type: language
Subtag: yue
Description: Yue Chinese
%%
Type: language
Subtag: qaa..qac
Description: Private use
%%
Type: extlang
Subtag: yue
Prefix: zh
%%
Type: script
Subtag: Hans
Description: Han (Simplified variant)
%%
Type: script
Subtag: Qaay..Qaba
Description: Private use
%%
Type: region
Subtag: KR
Description: Republic of Korea
%%
Type: region
Subtag: DD
Description: German Democratic Republic
Preferred-Value: DE
%%
Type: region
Subtag: 419
Description: Latin America and the Caribbean
%%
Type: variant
Subtag: valencia
Description: Valencian
%%
Type: redundant
Tag: zh-Hans
Description: simplified Chinese
"""
CODES = """{"639-2": [{"alpha_2": "ko", "alpha_3": "kor", "name": "Korean"}, {"alpha_3": "yue", "name": "Yue"},
            {"alpha_2": "el", "alpha_3": "ell", "bibliographic": "gre", "name": "Greek"}]}"""


def lists(text):
    """{name: words} of the table's strings."""
    found = re.findall(r"const char language_subtags_(\w+)\[\] =\n((?: *\".*\"\n?)+?);", text.replace('";', '"\n;'))
    return {name: " ".join(re.findall(r'"(.*)"', body)).split() for name, body in found}


def bits(text):
    words = [int(w, 16) for w in re.findall(r"0x([0-9a-f]{16})", text)]
    return {chr(97 + n // 676) + chr(97 + n // 26 % 26) + chr(97 + n % 26)
            for i, w in enumerate(words) for b in range(64) if w >> b & 1 for n in [i * 64 + b]}


class Table(unittest.TestCase):
    def test_of_a_small_registry(self):
        with tempfile.TemporaryDirectory() as folder:
            registry, codes = Path(folder) / "registry", Path(folder) / "codes.json"
            registry.write_text(REGISTRY)
            codes.write_text(CODES)
            text = subprocess.run([TOP / "packaging/language-subtags", registry, codes], text=True, check=True, capture_output=True).stdout
        self.assertIn("of 2001-02-03", text)
        self.assertEqual(lists(text), {"languages": ["el", "ko"], "extlangs": ["yue"], "scripts": ["Hans", "Qaay", "Qaaz", "Qaba"],
                                       "regions": ["419", "KR"], "variants": ["valencia"]})
        self.assertEqual(bits(text), {"yue", "qaa", "qab", "qac"})
        self.assertEqual(re.findall(r'\{"([^"]+)", "(\w+)"\}', text), [("ell", "el"), ("gre", "el"), ("kor", "ko"), ("korean", "ko"),
                                                                       ("modern greek", "el")])

    def test_the_one_that_is_built(self):
        """Whatever the registry's date: what it has had since 2005 and can never lose (RFC 5646, 3.4)."""
        text = TABLE.read_text()
        found = lists(text)
        self.assertLessEqual({"ko", "zh", "ja", "en", "de", "fr", "kr"}, set(found["languages"]))
        self.assertFalse({"jp", "cn", "iw", "in"} & set(found["languages"]))
        self.assertLessEqual({"yue", "cmn", "haw"}, bits(text))
        self.assertFalse({"kor", "zho", "eng"} & bits(text))
        self.assertLessEqual({"Hans", "Hant", "Latn", "Kore"}, set(found["scripts"]))
        self.assertLessEqual({"KR", "CN", "TW", "419"}, set(found["regions"]))
        self.assertNotIn("UK", found["regions"])
        self.assertEqual(len(re.findall(r"0x[0-9a-f]{16}", text)), 275)


if __name__ == "__main__":
    tap.main()
