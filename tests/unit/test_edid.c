/* What monitors say of themselves: bytes of real ones and of broken ones. */
#include "core/edid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "sample_frames.h"

/* As QEMU's virtual monitor gives it, and as DELL's U2720Q does, up to the timing's end: maker,
 * product, size in centimeters, and the name. */
struct monitor {
    const char *maker, *name, *serial;
    unsigned product;
    int width_cm, height_cm;
    int timing_width_mm, timing_height_mm; /* 0: the first descriptor is no timing */
};

static void put_text(uint8_t *at, uint8_t tag, const char *text)
{
    at[3] = tag;
    memset(at + 5, ' ', 13);
    size_t length = strlen(text);
    memcpy(at + 5, text, length < 13 ? length : 13);
    if (length < 13)
        at[5 + length] = '\n';
}

static void seal(uint8_t *edid)
{
    uint8_t sum = 0;
    for (int i = 0; i < 127; i++)
        sum = (uint8_t)(sum + edid[i]);
    edid[127] = (uint8_t)-sum;
}

static void write_edid(const struct monitor *monitor, uint8_t *edid)
{
    static const uint8_t head[8] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    memset(edid, 0, EDID_BLOCK_BYTES);
    memcpy(edid, head, 8);
    unsigned maker = 0;
    for (int i = 0; i < 3; i++)
        maker = maker << 5 | (unsigned)(monitor->maker[i] - 'A' + 1);
    edid[8] = (uint8_t)(maker >> 8);
    edid[9] = (uint8_t)maker;
    edid[10] = (uint8_t)monitor->product;
    edid[11] = (uint8_t)(monitor->product >> 8);
    edid[21] = (uint8_t)monitor->width_cm;
    edid[22] = (uint8_t)monitor->height_cm;
    if (monitor->timing_width_mm) {
        edid[54] = edid[55] = 1;
        edid[54 + 12] = (uint8_t)monitor->timing_width_mm;
        edid[54 + 13] = (uint8_t)monitor->timing_height_mm;
        edid[54 + 14] =
            (uint8_t)(monitor->timing_width_mm >> 8 << 4 | monitor->timing_height_mm >> 8);
    }
    if (monitor->name)
        put_text(edid + 72, 0xfc, monitor->name);
    if (monitor->serial)
        put_text(edid + 90, 0xff, monitor->serial);
    seal(edid);
}

static struct edid parse(const struct monitor *monitor)
{
    uint8_t bytes[EDID_BLOCK_BYTES];
    struct edid edid;
    write_edid(monitor, bytes);
    assert_true(edid_parse(bytes, sizeof bytes, &edid));
    return edid;
}

static void a_monitor_has_a_name_and_a_size(void **state)
{
    (void)state;
    const struct monitor monitor = {"DEL", "DELL U2720Q", "ABC1234", 0xa0c4, 60, 34, 597, 336};
    struct edid edid = parse(&monitor);
    assert_string_equal(edid.maker, "DEL");
    assert_string_equal(edid.name, "DELL U2720Q");
    assert_string_equal(edid.serial, "ABC1234");
    assert_int_equal(edid.product, 0xa0c4);
    assert_int_equal(edid.width_mm, 597);
    assert_int_equal(edid.height_mm, 336);
    char text[32];
    edid_describe(&edid, text, sizeof text);
    assert_string_equal(text, "DEL DELL U2720Q");
}

static void a_timings_size_that_is_only_a_ratio_does_not_count(void **state)
{
    (void)state;
    const struct monitor monitor = {"SAM", "SMT55", NULL, 1, 121, 68, 160, 90};
    struct edid edid = parse(&monitor);
    assert_int_equal(edid.width_mm, 1210);
    assert_int_equal(edid.height_mm, 680);
}

static void a_projector_has_no_size(void **state)
{
    (void)state;
    const struct monitor ratio = {"EPS", "EPSON PJ", NULL, 1, 79, 0, 160, 90};
    struct edid edid = parse(&ratio);
    assert_int_equal(edid.width_mm, 0);
    assert_int_equal(edid.height_mm, 0);
}

static void one_without_a_name_is_its_product(void **state)
{
    (void)state;
    const struct monitor monitor = {"LGD", NULL, NULL, 0x05e5, 34, 19, 0, 0};
    struct edid edid = parse(&monitor);
    char text[32];
    edid_describe(&edid, text, sizeof text);
    assert_string_equal(text, "LGD 05e5");
}

static void a_name_cannot_carry_anything_but_text(void **state)
{
    (void)state;
    const struct monitor monitor = {"ABC", "\x1b[2J\xff\"x\"y z  ", NULL, 1, 10, 10, 0, 0};
    struct edid edid = parse(&monitor);
    assert_string_equal(edid.name, "?[2J?\"x\"y z");
}

static void what_is_no_edid_is_nothing(void **state)
{
    (void)state;
    const struct monitor monitor = {"DEL", "DELL", NULL, 1, 60, 34, 0, 0};
    uint8_t bytes[EDID_BLOCK_BYTES];
    struct edid edid;
    char text[32];
    write_edid(&monitor, bytes);
    assert_false(edid_parse(bytes, EDID_BLOCK_BYTES - 1, &edid));
    assert_false(edid_parse(bytes, 0, &edid));
    bytes[21]++; /* the sum is wrong */
    assert_false(edid_parse(bytes, sizeof bytes, &edid));
    memset(bytes, 0, sizeof bytes); /* the sum is right */
    assert_false(edid_parse(bytes, sizeof bytes, &edid));
    edid_describe(&edid, text, sizeof text);
    assert_string_equal(text, "");
}

/* Whatever comes over the cable: nothing is read beyond it, and texts end. */
static void noise_does_no_harm(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 2000; round++) {
        struct sample_guarded memory = sample_guard(EDID_BLOCK_BYTES);
        struct edid edid;
        for (int i = 0; i < EDID_BLOCK_BYTES; i++)
            memory.bytes[i] = (uint8_t)sample_random(&seed);
        memcpy(memory.bytes, "\0\xff\xff\xff\xff\xff\xff", 8);
        for (size_t at = 54; at < 126; at += 18)
            if (sample_random(&seed) % 2)
                memcpy(memory.bytes + at, "\0\0\0\xfc", 4);
        seal(memory.bytes);
        assert_true(edid_parse(memory.bytes, EDID_BLOCK_BYTES, &edid));
        for (const char *c = edid.name; *c; c++)
            assert_true(*c >= ' ' && *c <= '~');
        assert_true(strlen(edid.name) < EDID_NAME_BYTES && strlen(edid.maker) == 3);
        sample_unguard(&memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_monitor_has_a_name_and_a_size),
        cmocka_unit_test(a_timings_size_that_is_only_a_ratio_does_not_count),
        cmocka_unit_test(a_projector_has_no_size),
        cmocka_unit_test(one_without_a_name_is_its_product),
        cmocka_unit_test(a_name_cannot_carry_anything_but_text),
        cmocka_unit_test(what_is_no_edid_is_nothing),
        cmocka_unit_test(noise_does_no_harm),
    };
    return cmocka_run_group_tests_name("edid", tests, NULL, NULL);
}
