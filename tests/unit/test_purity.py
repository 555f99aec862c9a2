"""core, playlist and programme are pure functions (player/README.md): held against what their object files ask for and keep.

Everything that such an object needs from outside is on the list below, and none keeps anything that can change. A stray
time(), getenv() or `static int last` fails here by name."""
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap

TOP = Path(__file__).resolve().parent.parent.parent
PURE = ("core", "playlist", "programme")

MEMORY = "malloc calloc realloc free memcpy memmove memset memcmp memchr memrchr memmem"
STRINGS = """strlen strnlen strcmp strncmp strcasecmp strncasecmp strchr strrchr strchrnul strstr strspn strcspn strpbrk
    strtol strtoll strtoul strtoull snprintf vsnprintf qsort bsearch abs labs llabs strerrordesc_np"""
# What the number functions above say an overflow with.
STRINGS += " __errno_location"
MATH = """floor ceil round trunc rint nearbyint lround llround lrint llrint fabs fmin fmax fmod remainder sqrt cbrt hypot
    pow exp exp2 log log2 log10 sin cos tan asin acos atan atan2 ldexp frexp modf copysign sincos"""
MATH = " ".join(f"{name} {name}f" for name in MATH.split())
COMPILER = "_GLOBAL_OFFSET_TABLE_ __stack_chk_fail __assert_fail"
ALLOWED = set(" ".join([MEMORY, STRINGS, MATH, COMPILER]).split())
# What gcc calls where the processor has no instruction.
LIBGCC = re.compile(r"__(popcount|parity|ctz|clz|ffs|bswap|u?div|u?mod|u?divmod|mul|mulv|addv|subv)[sdt]i[234]$")
# The same with _FORTIFY_SOURCE; what gcc calls strtol for C23; a JSON value is memory, a JSON file is not.
FORTIFIED = re.compile(r"__(\w+)_chk$")
C23 = re.compile(r"__isoc23_(\w+)$")
JSON = re.compile(r"json_(?!dump|load_file|loadf|loadfd|load_callback|set_alloc|get_alloc|object_seed)\w+$|jansson_version_\w+$")
CHANGEABLE = re.compile(r"^\.(data|bss|tdata|tbss)(?!\.rel\.ro)|^\*COM\*$")


def output(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def names(option, objects):
    lines = output("nm", "-A", "-P", option, *map(str, objects)).splitlines()
    return [(Path(line.split(": ")[0]).name, line.split(": ")[1].split()[0]) for line in lines]


def plain(name):
    for wrapper in (FORTIFIED, C23):
        found = wrapper.match(name)
        name = found[1] if found else name
    return name


def strange_symbols(objects):
    """The (object, symbol) pairs that come from outside these folders and have no business in them."""
    own = {name for _, name in names("--defined-only", objects)}
    return [(file, name) for file, name in names("--undefined-only", objects)
            if name not in own and name not in ALLOWED and plain(name) not in ALLOWED
            and not LIBGCC.match(name) and not JSON.match(name)]


def changeable_objects(objects):
    """The (object, symbol) pairs of static storage that can be written to; .data.rel.ro is const, with pointers."""
    found = []
    for path in objects:
        for line in output("objdump", "-t", str(path)).splitlines():
            parts = re.match(r"[0-9a-f]{8,} (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$", line)
            if parts and parts[1][6] != "d" and int(parts[3], 16) and CHANGEABLE.match(parts[2]):
                found.append((path.name, parts[4]))
    return found


class Purity(unittest.TestCase):
    def sources(self):
        found = [s for folder in PURE for s in sorted((TOP / "player" / folder).glob("*.c"))]
        self.assertEqual({s.parent.name for s in found}, set(PURE))
        return found

    def objects(self):
        objects = [TOP / "build/obj" / s.relative_to(TOP).with_suffix(".o") for s in self.sources()]
        self.assertEqual([str(o.relative_to(TOP)) for o in objects if not o.exists()], [], "not built: run make first")
        return objects

    def test_asks_for_nothing_outside(self):
        self.assertEqual(strange_symbols(self.objects()), [])

    def test_keeps_nothing_that_changes(self):
        self.assertEqual(changeable_objects(self.objects()), [])

    def test_headers_name_no_outside(self):
        """What needs no symbol: the clock's and the file system's types and inline functions."""
        banned = re.compile(r'#\s*include\s*[<"](time|unistd|fcntl|pthread|threads|signal|poll|locale|SDL\w*|curl|'
                            r"sys/|net|arpa|libav|stdatomic)")
        found = [f"{path.relative_to(TOP)}: {line}" for folder in PURE
                 for path in sorted((TOP / "player" / folder).glob("*.[ch]"))
                 for line in path.read_text().splitlines() if banned.match(line)]
        self.assertEqual(found, [])


class TheCheckItself(unittest.TestCase):
    """A check that finds nothing proves nothing: here it has something to find."""

    def compiled(self, text):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        source = folder / "impure.c"
        source.write_text(text)
        subprocess.run(["cc", "-O2", "-fPIE", "-c", source, "-o", folder / "impure.o"], check=True)
        return [folder / "impure.o"]

    def test_finds_a_clock(self):
        objects = self.compiled("#include <time.h>\nlong f(void) { return (long)time(0); }\n")
        self.assertEqual(strange_symbols(objects), [("impure.o", "time")])

    def test_finds_the_environment_and_files(self):
        objects = self.compiled("#include <stdio.h>\n#include <stdlib.h>\n"
                                "int f(void) { return getenv(\"TZ\") && fopen(\"x\", \"r\"); }\n")
        self.assertEqual(strange_symbols(objects), [("impure.o", "fopen"), ("impure.o", "getenv")])

    def test_finds_json_files(self):
        objects = self.compiled("void *json_load_file(const char *, int, void *);\n"
                                "void *f(void) { return json_load_file(\"x\", 0, 0); }\n")
        self.assertEqual(strange_symbols(objects), [("impure.o", "json_load_file")])

    def test_finds_what_changes(self):
        objects = self.compiled("static int last = 3; int count; static _Thread_local int mine;\n"
                                "int f(void) { static int calls; return ++last + ++count + ++mine + ++calls; }\n")
        found = {name.split(".")[0] for _, name in changeable_objects(objects)}
        self.assertEqual(found, {"last", "count", "mine", "calls"})

    def test_lets_constant_tables_be(self):
        objects = self.compiled("static const char *const words[] = {\"a\", \"b\"};\n"
                                "const char *f(int i) { return words[i]; }\n"
                                "const int numbers[] = {1, 2, 3};\n")
        self.assertEqual(changeable_objects(objects), [])
        self.assertEqual(strange_symbols(objects), [])


if __name__ == "__main__":
    tap.main()
