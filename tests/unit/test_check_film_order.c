/* Films that follow each other in a loop: which of them stand still in the transition after them,
 * and which two are too much together. */
#include "commands/check/check_film_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SECOND_US INT64_C(1000000)

/* Films a.mp4 and so on, in the order in which the playlist names them. */
static char *check(const char *more, const char *spots, const struct check_film_order_film *films)
{
    char text[4096], *found = NULL;
    size_t size = 0;
    struct playlist_faults faults = {0};
    struct err err = {0};
    snprintf(text, sizeof text, "{\"format\":\"duckling/1\",%s\"spots\":{%s}}", more, spots);
    struct playlist *playlist = playlist_parse(text, strlen(text), &faults);
    if (!playlist)
        fail_msg("%s", faults.items[0].text);
    playlist_faults_finish(&faults);
    struct check_report report = {.stream = open_memstream(&found, &size)};
    assert_true(check_film_order_run(playlist, films, &report, &err));
    assert_int_equal(report.faults, 0);
    fclose(report.stream);
    playlist_destroy(playlist);
    return found;
}

static void expect(const char *more, const char *spots, const struct check_film_order_film *films,
                   const char *wanted)
{
    char *found = check(more, spots, films);
    assert_string_equal(found, wanted);
    free(found);
}

#define CUT "\"transition\":\"cut\""
#define FADE(seconds) "\"transition\":{\"duration\":" seconds "}"
#define STANDS(spot, length, slots, into, next, stands)                                            \
    "warning $.spots." spot ".video: the film is " length " s long, but its slots last " slots     \
    " s and " into " s more in the transition into \"" next                                        \
    "\": its last frame stays on for " stands " s\n"

static void a_film_stands_in_a_longer_transition(void **state)
{
    (void)state;
    const struct check_film_order_film films[] = {{10 * SECOND_US, 0}, {20 * SECOND_US, 0}};
    const char *of_a = "\"a\":{\"video\":\"a.mp4\"},\"b\":{\"tagline\":\"B\",";
    char spots[256];
    snprintf(spots, sizeof spots, "%s%s}", of_a, FADE("3"));
    expect("", spots, films, STANDS("a", "10.00", "9", "3", "b", "2.00"));
    snprintf(spots, sizeof spots, "%s%s}", of_a, FADE("1.1"));
    expect("", spots, films, STANDS("a", "10.00", "9", "1.1", "b", "0.10"));
    snprintf(spots, sizeof spots, "%s%s}", of_a, FADE("1.09"));
    expect("", spots, films, "");
    snprintf(spots, sizeof spots, "%s%s}", of_a, FADE("1"));
    expect("", spots, films, "");
    snprintf(spots, sizeof spots, "%s%s}", of_a, CUT);
    expect("", spots, films, "");
    /* Its own is a cut. */
    expect("", "\"a\":{\"video\":\"a.mp4\"," CUT "},\"b\":{\"tagline\":\"B\"}", films,
           STANDS("a", "10.00", "10", "1", "b", "1.00"));
    /* No longer than half of a short slot. */
    expect("",
           "\"a\":{\"video\":\"a.mp4\"},\"b\":{\"tagline\":\"B\",\"duration\":3," FADE("10") "}",
           films, STANDS("a", "10.00", "9", "1.5", "b", "0.50"));
    /* One that is given a length is told of elsewhere. */
    expect("",
           "\"a\":{\"video\":\"a.mp4\",\"duration\":10},\"b\":{\"tagline\":\"B\"," FADE("3") "}",
           films, "");
    /* One that is shorter than any slot stands in its own. */
    const struct check_film_order_film brief[] = {{SECOND_US, 0}};
    expect("", "\"a\":{\"video\":\"a.mp4\"},\"b\":{\"tagline\":\"B\"}", brief, "");
    /* Of another one nothing is known. */
    const struct check_film_order_film unknown[] = {{0, 0}};
    snprintf(spots, sizeof spots, "%s%s}", of_a, FADE("3"));
    expect("", spots, unknown, "");
}

static void the_worst_neighbour_of_any_loop_is_told(void **state)
{
    (void)state;
    const struct check_film_order_film films[] = {{10 * SECOND_US, 0}};
    const char *spots = "\"a\":{\"video\":\"a.mp4\"},\"b\":{\"tagline\":\"B\"," FADE(
        "2") "},\"c\":{\"tagline\":\"C\"," FADE("4") "}";
    expect("\"loops\":{\"x\":[\"a\",\"b\"],\"y\":[\"c\",\"b\",\"a\"]},", spots, films,
           STANDS("a", "10.00", "9", "4", "c", "3.00"));
    /* The first comes after the last; a loop may be of one. */
    expect("\"loops\":{\"x\":[\"b\",\"a\"]},", spots, films,
           STANDS("a", "10.00", "9", "2", "b", "1.00"));
    expect("\"loops\":{\"x\":[\"a\"]},", spots, films, "");
    expect("\"loops\":{\"x\":[\"a\",\"a\",\"b\"]},", spots, films,
           STANDS("a", "10.00", "9", "2", "b", "1.00"));
}

static void slots_go_by_the_landscape_film(void **state)
{
    (void)state;
    const char *spots = "\"a\":{\"video\":{\"landscape\":\"l.mp4\",\"portrait\":\"p.mp4\"}},\"b\":{"
                        "\"tagline\":\"B\"," FADE("3") "}";
    const struct check_film_order_film films[] = {{10 * SECOND_US, 0}, {5 * SECOND_US, 0}};
    char *found = check("", spots, films);
    assert_non_null(strstr(
        found, "$.spots.a.video.landscape: the film is 10.00 s long, but its slots last 9 s"));
    free(found);
    const struct check_film_order_film other[] = {{0, 0}, {5 * SECOND_US, 0}};
    found = check("", spots, other);
    assert_non_null(
        strstr(found, "$.spots.a.video.portrait: the film is 5.00 s long, but its slots last 4 s"));
    free(found);
}

#define LOAD(place, over, percent)                                                                 \
    "warning $.spots." place ": in the transition from \"" over                                    \
    "\" both films are decoded, which takes " percent " % of this machine: they would stutter\n"

static void two_films_may_be_too_much(void **state)
{
    (void)state;
    const char *spots = "\"a\":{\"video\":\"a.mp4\"},\"b\":{\"video\":\"b.mp4\"}";
    const struct {
        double a, b;
        const char *wanted;
    } table[] = {
        {0.4, 0.5, ""},
        {0.5, 0.5, ""},
        {0.6, 0.5, LOAD("a.video", "b", "110") LOAD("b.video", "a", "110")},
        {0.9, 0.9, LOAD("a.video", "b", "180") LOAD("b.video", "a", "180")},
        {0.9, 0, ""},
        {1.5, 0.5, ""}, /* alone too much already */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct check_film_order_film films[] = {{10 * SECOND_US, table[i].a},
                                                      {10 * SECOND_US, table[i].b}};
        expect("", spots, films, table[i].wanted);
    }
}

static void only_where_both_are_on_at_once(void **state)
{
    (void)state;
    const struct check_film_order_film films[] = {{10 * SECOND_US, 0.7}, {10 * SECOND_US, 0.7}};
    /* Into b there is no transition; the film stands a little in the one into a. */
    char *found =
        check("", "\"a\":{\"video\":\"a.mp4\"},\"b\":{\"video\":\"b.mp4\"," CUT "}", films);
    assert_non_null(strstr(found, LOAD("a.video", "b", "140")));
    assert_null(strstr(found, "$.spots.b.video: while"));
    free(found);
    expect("", "\"a\":{\"video\":\"a.mp4\"},\"t\":{\"tagline\":\"T\"}", films, "");
    expect("\"defaults\":{" CUT "},", "\"a\":{\"video\":\"a.mp4\"},\"b\":{\"video\":\"b.mp4\"}",
           films, "");
    /* Into itself. */
    expect("", "\"a\":{\"video\":\"a.mp4\"}", films, LOAD("a.video", "a", "140"));
    /* Each shape of screen for itself. */
    const struct check_film_order_film shapes[] = {{10 * SECOND_US, 0.2}, {10 * SECOND_US, 0.7}};
    expect("", "\"a\":{\"video\":{\"landscape\":\"a.mp4\",\"portrait\":\"b.mp4\"}}", shapes,
           LOAD("a.video.portrait", "a", "140"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_film_stands_in_a_longer_transition),
        cmocka_unit_test(the_worst_neighbour_of_any_loop_is_told),
        cmocka_unit_test(slots_go_by_the_landscape_film),
        cmocka_unit_test(two_films_may_be_too_much),
        cmocka_unit_test(only_where_both_are_on_at_once),
    };
    return cmocka_run_group_tests_name("check_film_order", tests, NULL, NULL);
}
