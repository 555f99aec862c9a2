# Duckling. `make run` and `make test` are all you need; `make help` and CONTRIBUTING.md say the rest.
#
# Everything that is made goes to build/. SAN=1 builds the same with AddressSanitizer and UBSan to build/asan/.

PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
CFLAGS ?= -O2 -g
CPPFLAGS ?=
PKG_CONFIG ?= pkg-config
VERSION := 0.1.0

, := ,
Q := $(if $(V),,@)
B := $(if $(SAN),build/asan,build)
# Errors only in CI, lint and tests (WERROR=1): a newer compiler that warns of more must not break a build of a release.
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wformat=2 -Wcast-qual -Wswitch-enum -Wundef -Wunused-result $(if $(WERROR),-Werror)
LIBRARIES := sdl2 SDL2_image SDL2_ttf libdrm libudev libcurl inih jansson libcrypto zimg libseccomp lcms2 libjpeg libpng libwebp \
	libwebpdemux libqrencode \
	libavformat libavcodec libswscale libswresample libavutil
PKG_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) | sed 's/-I/-isystem /g')
PKG_LIBS = $(shell $(PKG_CONFIG) --libs $(LIBRARIES)) -lyuv -lunistring -lm -pthread
SAN_FLAGS := $(if $(SAN),-DDUCKLING_SANITIZED -fsanitize=address$(,)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)

# -ffp-contract=off: a product and a sum are rounded alike on processors that can do both at once and on others, so that all
# screens show the same frame.
ALL_CFLAGS = -std=gnu11 -ffp-contract=off -D_GNU_SOURCE -DDUCKLING_VERSION='"$(VERSION)"' -iquote player $(WARNINGS) \
	-fstack-protector-strong -fPIE $(SAN_FLAGS) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,--as-needed -Wl,-z,relro,-z,now $(SAN_FLAGS) $(LDFLAGS)

SOURCES := $(sort $(shell find player -name '*.c'))
OBJECTS := $(SOURCES:%.c=$B/obj/%.o)
PROGRAMS := $B/duckling $B/duckling-films
LIB_OBJECTS := $(filter-out $B/obj/player/main.o $B/obj/player/main_films.o,$(OBJECTS))
UNIT_TESTS := $(patsubst tests/%.c,$B/tests/%,$(sort $(wildcard tests/unit/test_*.c tests/programme/test_*.c)))
# Small programs that the fault tests drive.
PROBES := $(patsubst tests/%.c,$B/tests/%,$(sort $(wildcard tests/faults/probe_*.c)))
BENCHES := $(patsubst tests/%.c,$B/tests/%,$(sort $(wildcard tests/bench/bench_*.c)))
# Tests of the sandbox once more without sanitizers, which need system calls that no worker gets.
PLAIN := $(addprefix build/tests/unit/,test_sandbox test_sandbox_limits test_film_sandboxed)
# Zones of the tests' own: what the world's clocks do changes several times a year.
ZONES := build/zoneinfo/made
FUZZERS := $(patsubst tests/%.c,build/tests/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

# For what builds much at once; whoever gives -j has said how many.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# What people call; `make help` lists these by the sentence after "##".
.PHONY: all help deps run image test test-sanitized test-kiosk test-release corpora lint format map bench bench-boot fuzz soak \
	pictures install install-campaign uninstall deb clean
# Parts, for the targets above, tests/run and the tests.
.PHONY: unit probes plain zones fuzzers benches print-flags no-words
.DELETE_ON_ERROR:
.SECONDARY:

# jieba's list of Chinese words, or another one; packaging/words/README.md says more.
JIEBA_LIST ?= /usr/lib/python3/dist-packages/jieba/dict.txt
WORDS := $(if $(wildcard $(JIEBA_LIST)),$B/words/zh-hans.words)
# A small list of the tests' own: what they pin must not depend on the edition of jieba's.
TEST_WORDS := $B/tests/words/test.words

all: $(PROGRAMS) $(if $(WORDS),$(WORDS),no-words) ## Builds build/duckling and build/duckling-films (the default).

# The first word of a target's line, and what stands after "##".
help: ## Lists the targets.
	@echo "Usage: make [TARGET]... [VARIABLE=VALUE]..."
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)$$/\1@\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS=@ read -r target words; do printf '  %-13s %s\n' "$$target" "$$words"; done
	@echo
	@echo "Variables: SAN=1 builds with sanitizers, to build/asan/. WERROR=1 makes warnings errors."
	@echo "V=1 shows each command. CC, CFLAGS, LDFLAGS, PREFIX and DESTDIR are as usual."

deps: ## Installs the Debian packages that are missing.
	@packaging/deps build run

$B/duckling: $B/obj/player/main.o $B/libduckling.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$B/duckling-films: $B/obj/player/main_films.o $B/libduckling.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$B/libduckling.a: $(LIB_OBJECTS)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$B/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Loops over all pixels of each frame, which the compiler does many at a time at this level alone.
$B/obj/player/worker/film/film_deinterlace.o $B/obj/player/worker/film/film_color_table.o \
	$B/obj/player/worker/text/tagline_blur.o $B/obj/player/worker/text/tagline_paint.o \
	$B/obj/player/screen/mix.o $B/obj/player/screen/compose_text.o: CFLAGS += -O3

# Tests link the archive, so each takes only the modules that it tests.
$B/tests/%: $B/obj/tests/%.o $B/libduckling.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(PKG_LIBS)

# libFuzzer is clang's; the fuzzers compile the modules that they test once more, with its coverage.
FUZZ_SOURCES := $(sort $(wildcard player/core/*.c player/playlist/*.c player/programme/*.c) player/base/file.c player/sync/trust.c)
FUZZ_PROTOCOL := $(addprefix player/base/,clock.c log.c log_output.c log_record.c log_render.c program.c) \
	$(filter-out player/decode/worker_process.c player/decode/system_fonts.c,$(sort $(wildcard player/decode/*.c)))
FUZZ_FILM := $(sort $(wildcard player/worker/film/film*.c)) player/base/clock.c
FUZZ_ZONE := $(addprefix player/base/,zone.c zone_hint.c zone_rule.c)
FUZZ_STILL := $(sort $(wildcard player/worker/still*.c))
FUZZ_WORKER := $(filter-out player/base/program.c player/base/clock.c,$(FUZZ_PROTOCOL)) player/decode/worker_process.c player/worker/worker.c \
	$(addprefix player/sandbox/,privileges.c sandbox.c warm_up.c)
build/tests/fuzz/fuzz_protocol: FUZZ_MORE := $(FUZZ_PROTOCOL)
build/tests/fuzz/fuzz_protocol: $(FUZZ_PROTOCOL) player/decode/worker_process.c tests/unit/worker_packets.h
build/tests/fuzz/fuzz_container: FUZZ_MORE := player/commands/check/check_container.c
build/tests/fuzz/fuzz_container: player/commands/check/check_container.c
build/tests/fuzz/fuzz_film: FUZZ_MORE := $(FUZZ_FILM) -Wl,--as-needed $(PKG_LIBS)
build/tests/fuzz/fuzz_film: $(FUZZ_FILM) player/worker/worker_film.c
build/tests/fuzz/fuzz_still: FUZZ_MORE := $(FUZZ_STILL) $(PKG_CFLAGS) -Wl,--as-needed $(PKG_LIBS)
build/tests/fuzz/fuzz_still: $(FUZZ_STILL)
FUZZ_STORED := $(filter-out player/base/file.c,$(sort $(wildcard player/base/*.c))) \
	$(addprefix player/,commands/settings_table.c http/http_rate_limit.c http/http_response.c http/http_url.c screen/display_wish.c \
	sync/fetch_location.c sync/store/manifest.c)
build/tests/fuzz/fuzz_stored: FUZZ_MORE := $(FUZZ_STORED) $(PKG_CFLAGS) -lcurl -linih -lunistring
build/tests/fuzz/fuzz_stored: $(FUZZ_STORED) player/sync/state.c
build/tests/fuzz/fuzz_worker: FUZZ_MORE := -DDUCKLING_SANITIZED $(FUZZ_WORKER) -lseccomp
build/tests/fuzz/fuzz_worker: $(FUZZ_WORKER) player/base/clock.c tests/unit/worker_packets.h
build/tests/fuzz/fuzz_zone: FUZZ_MORE := $(FUZZ_ZONE)
build/tests/fuzz/fuzz_zone: $(FUZZ_ZONE)
build/tests/fuzz/%: tests/fuzz/%.c $(FUZZ_SOURCES) $(shell find player -name '*.h')
	@mkdir -p $(@D)
	$(Q)clang -std=gnu11 -D_GNU_SOURCE -iquote player -O1 -g -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -o $@ $< $(FUZZ_SOURCES) $(FUZZ_MORE) -ljansson -lcrypto -lm

# In both forms of a zone file: with years written out (fat), and with a rule in their place. zic is often not on a user's PATH.
$(ZONES): tests/zones/zones.zi tests/zones/leap-seconds
	$(Q)rm -rf build/zoneinfo && mkdir -p build/zoneinfo
	$(Q)PATH="$$PATH:/usr/sbin" && zic -b slim -d build/zoneinfo tests/zones/zones.zi && \
		zic -b fat -d build/zoneinfo/fat tests/zones/zones.zi && \
		zic -L tests/zones/leap-seconds -d build/zoneinfo/right tests/zones/zones.zi
	$(Q)touch $@

# Mapped by the process that sets a text; without it lines of Chinese may end inside words.
$B/words/zh-hans.words: $(JIEBA_LIST) packaging/words/compile
	@mkdir -p $(@D)
	$(Q)packaging/words/compile $(JIEBA_LIST) $@

no-words:
	@echo "make: no list of Chinese words (package python3-jieba): lines of Chinese may end inside words" >&2

$(TEST_WORDS): tests/words/test.txt packaging/words/compile
	@mkdir -p $(@D)
	$(Q)packaging/words/compile $< $@

unit: $(UNIT_TESTS) $(PROBES) $(TEST_WORDS) zones
probes: $(PROBES) zones
plain: $(PLAIN) zones
zones: $(ZONES)
fuzzers: $(FUZZERS)
benches: $(BENCHES)

run: ## Plays the bundled campaign, or draws previews of it where there is no screen.
	@packaging/deps build run
	@$(MAKE) --no-print-directory -s all
	@packaging/run-campaign

test: ## Builds what the tests need and runs all of them.
	@packaging/deps build run test
	@$(MAKE) $(JOBS) --no-print-directory -s WERROR=1 all fuzzers probes plain
	@$(MAKE) $(JOBS) --no-print-directory -s WERROR=1 SAN=1 all unit
	@tests/run

test-sanitized: ## The tests of whole programs once more, with sanitizers in them.
	@packaging/deps build run test
	@$(MAKE) $(JOBS) --no-print-directory -s WERROR=1 all probes plain
	@$(MAKE) $(JOBS) --no-print-directory -s WERROR=1 SAN=1 all probes
	@tests/run --sanitized e2e

# What a box is flashed with. Made again when something that it is made of has changed. With RELEASE=trixie that of Debian 13, from
# packages that are built in its chroot (tests/release).
IMAGE := build/image/duckling-$(VERSION)-$(if $(RELEASE),$(RELEASE)-)amd64.img
IMAGE_DEBS := $(if $(RELEASE),build/release/$(RELEASE)/src/)build/deb
$(IMAGE): $(shell find player packaging fonts media playlists -type f) Makefile
	@packaging/deps image
	@$(if $(RELEASE),tests/release $(RELEASE) packaging/deb)
	@$(if $(RELEASE),,$(MAKE) --no-print-directory -s deb)
	@mkdir -p $(@D)
	@RELEASE=$(RELEASE) packaging/image/build $@ $(IMAGE_DEBS)/duckling_*.deb $(IMAGE_DEBS)/duckling-campaign_*.deb
image: $(IMAGE) ## Makes a disk image to flash: a box that boots to a picture; into build/image/.

# A quarter of an hour on two cores; FULL=1 also what takes hours.
test-kiosk: ## Boots the image in a virtual machine and looks at its screen (FULL=1: all of it; RELEASE=trixie: Debian 13's).
	@packaging/deps build run image kiosk
	@$(MAKE) --no-print-directory -s all $(IMAGE)
	@TEST_IMAGE=$(IMAGE) TEST_FULL=$(FULL) tests/run --kiosk

bench-boot: ## Measures how long a box in a virtual machine takes to its picture.
	@packaging/deps build run image kiosk
	@$(MAKE) --no-print-directory -s all $(IMAGE)
	@TEST_IMAGE=$(IMAGE) tests/bench/boot

# Files of other people: nothing of them is kept.
corpora: ## Holds foreign pictures, films and JSON against other decoders (DIR=folder).
	@packaging/deps build run test
	@$(MAKE) --no-print-directory -s SAN=1 all
	@tests/corpora $(or $(DIR),$(error DIR=folder is missing: which files?))

# In a folder of its own: about a minute to make, then as long as the tests take.
test-release: ## Builds and tests in a fresh Debian 13 (or RELEASE=bookworm; ARCH=arm64: emulated).
	@packaging/deps release $(if $(ARCH),machine)
	@tests/release $(if $(ARCH),--arch $(ARCH)) $(or $(RELEASE),trixie)
	@$(if $(ARCH),tests/machine $(ARCH) $(or $(RELEASE),trixie))

bench: ## Measures, and prints a table of the results.
	@packaging/deps build run test bench
	@$(MAKE) --no-print-directory -s all benches
	@tests/bench/run

# Long: ten minutes for each fuzzer, from the kept seeds.
fuzz: ## Runs each fuzzer for ten minutes.
	@packaging/deps build run test
	@$(MAKE) --no-print-directory -s fuzzers
	@tests/fuzz/run --seconds 600

# Two thousand plays on a fast clock: about seven minutes.
soak: ## Plays two thousand slots on a fast clock, in about seven minutes.
	@packaging/deps build run test
	@$(MAKE) --no-print-directory -s all
	@tests/soak

# README's moving picture, made by the player itself.
pictures: ## Makes the pictures of README and handbook again, with the player itself.
	@packaging/deps build run art
	@$(MAKE) --no-print-directory -s all
	@media/readme.sh
	@media/card.sh

lint: ## Runs clang-format, clang-tidy, cppcheck and shellcheck.
	@packaging/deps build run lint
	@mkdir -p build
	@packaging/lint

print-flags:
	$(info $(ALL_CFLAGS))@:

format: ## Formats all C files with clang-format.
	clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')

map: ## Writes the map of modules in player/README.md.
	@packaging/map

FONT_FILES := $(wildcard fonts/*.otf) fonts/OFL.txt
HANDBOOK := $(wildcard packaging/doc/*.md packaging/doc/*.webp)
UNITS := $(wildcard packaging/systemd/*.service)
CAMPAIGN := $(sort $(shell grep -o 'media/[^"]*' playlists/greatness.json))
INSTALLED := $(DESTDIR)$(PREFIX)
# What units and configuration name lies where it is installed to.
PLACED := sed 's|/usr/\(bin/duckling\|share/duckling\|share/doc/duckling\)|$(PREFIX)/\1|g'
install: all ## Installs to $(DESTDIR)$(PREFIX).
	install -D -m 755 $B/duckling $(INSTALLED)/bin/duckling
	install -D -m 755 $B/duckling-films $(INSTALLED)/libexec/duckling/duckling-films
	install -D -m 644 packaging/man/duckling.1 $(INSTALLED)/share/man/man1/duckling.1
	install -D -m 644 packaging/man/duckling-playlist.5 $(INSTALLED)/share/man/man5/duckling-playlist.5
	install -d $(INSTALLED)/share/duckling/fonts $(INSTALLED)/share/doc/duckling/handbook
	install -m 644 $(FONT_FILES) $(INSTALLED)/share/duckling/fonts/
	$(if $(WORDS),install -d $(INSTALLED)/share/duckling/words)
	$(if $(WORDS),install -m 644 $(WORDS) packaging/words/LICENSE $(INSTALLED)/share/duckling/words/)
	install -m 644 playlists/playlist.schema.json $(INSTALLED)/share/duckling/
	install -m 644 $(HANDBOOK) $(INSTALLED)/share/doc/duckling/handbook/
	install -D -m 644 packaging/completion/duckling.bash $(INSTALLED)/share/bash-completion/completions/duckling
	install -D -m 644 packaging/systemd/duckling.sysusers $(INSTALLED)/lib/sysusers.d/duckling.conf
	install -D -m 644 packaging/systemd/duckling.tmpfiles $(INSTALLED)/lib/tmpfiles.d/duckling.conf
	install -d $(INSTALLED)/lib/systemd/system
	for unit in $(notdir $(UNITS)); do $(PLACED) packaging/systemd/$$unit >$(INSTALLED)/lib/systemd/system/$$unit || exit; done
	$(PLACED) packaging/stick/duckling-stick@.service >$(INSTALLED)/lib/systemd/system/duckling-stick@.service
	install -D -m 644 packaging/stick/duckling-stick.rules $(INSTALLED)/lib/udev/rules.d/70-duckling-stick.rules

# The campaign and its media, as they lie in the tree: the one names the others by "../media/".
install-campaign: ## Installs the bundled campaign, which a player with nothing configured plays.
	install -d $(INSTALLED)/share/duckling/playlists $(INSTALLED)/share/duckling/media
	install -m 644 playlists/greatness.json $(INSTALLED)/share/duckling/playlists/
	install -m 644 $(CAMPAIGN) $(INSTALLED)/share/duckling/media/

uninstall: ## Removes what install and install-campaign have put there.
	rm -f $(INSTALLED)/bin/duckling $(INSTALLED)/share/man/man1/duckling.1
	rm -f $(INSTALLED)/share/man/man5/duckling-playlist.5
	rm -f $(INSTALLED)/share/bash-completion/completions/duckling
	rm -f $(INSTALLED)/lib/sysusers.d/duckling.conf $(INSTALLED)/lib/tmpfiles.d/duckling.conf
	rm -f $(addprefix $(INSTALLED)/lib/systemd/system/,$(notdir $(UNITS)) duckling-stick@.service)
	rm -f $(INSTALLED)/lib/udev/rules.d/70-duckling-stick.rules
	rm -rf $(INSTALLED)/share/duckling $(INSTALLED)/share/doc/duckling $(INSTALLED)/libexec/duckling

deb: ## Builds the Debian packages, into build/deb/.
	@packaging/deps build deb
	@packaging/deb

clean: ## Removes build/, where all that is made goes.
	rm -rf build

-include $(OBJECTS:.o=.d) $(patsubst $B/tests/%,$B/obj/tests/%.d,$(UNIT_TESTS) $(PROBES) $(BENCHES))
