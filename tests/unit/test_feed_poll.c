/* Questions to a folder, by a clock of the test's own. */
#include "sync/feed/feed_poll.h"

#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

#include "temp_folder.h"

#define HURRY_NS (FEED_POLL_SOON_MS * INT64_C(1000000))
#define SECOND_NS INT64_C(1000000000)
#define STEPS_MAX 100

static const struct retry_policy policy = {.poll_ms = 60000, .max_ms = 60000};
static struct fetch *fetch;
static struct feed_poll *poll;
static char location[PATH_MAX];
static int64_t now_ns;

static void create(bool may_be_missing)
{
    const struct feed_poll_config config = {
        .fetch = fetch,
        .location = location,
        .policy = &policy,
        .total_ms = 60000,
        .limit_bytes = 100,
        .may_be_missing = may_be_missing,
    };
    feed_poll_destroy(poll);
    poll = feed_poll_create(&config);
    assert_non_null(poll);
}

static int setup(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    snprintf(location, sizeof location, "%s", temp_folder_path("latest.minisig"));
    fetch = fetch_create(NULL, NULL);
    now_ns = 1000 * SECOND_NS;
    create(false);
    return fetch ? 0 : -1;
}

static int teardown(void **state)
{
    feed_poll_destroy(poll);
    poll = NULL;
    fetch_destroy(fetch);
    return temp_folder_teardown(state);
}

static void publish(const char *text, int age_s)
{
    const struct timespec times[2] = {{time(NULL) - age_s, 0}, {time(NULL) - age_s, 0}};
    temp_folder_write("new", text);
    assert_int_equal(utimensat(AT_FDCWD, temp_folder_path("new"), times, 0), 0);
    char from[PATH_MAX];
    snprintf(from, sizeof from, "%s", temp_folder_path("new"));
    assert_int_equal(rename(from, location), 0);
}

/* The news of the next question, which is due by now. */
static enum feed_poll_news ask(void)
{
    assert_true(feed_poll_due_ns(poll) <= now_ns);
    for (int i = 0; i < STEPS_MAX; i++) {
        enum feed_poll_news news = feed_poll_step(poll, now_ns);
        if (news != FEED_POLL_NONE)
            return news;
        assert_true(feed_poll_due_ns(poll) == INT64_MAX);
        assert_true(fetch_run(fetch, 0, NULL));
    }
    fail_msg("no answer");
    return FEED_POLL_NONE;
}

/* Nothing is asked before its time; then the clock is put on. */
static void wait_for_poll(void)
{
    int64_t due_ns = feed_poll_due_ns(poll);
    assert_in_range(due_ns, now_ns + 54 * SECOND_NS, now_ns + 66 * SECOND_NS);
    assert_int_equal(feed_poll_step(poll, due_ns - 1), FEED_POLL_NONE);
    assert_int_equal(feed_poll_due_ns(poll), due_ns);
    now_ns = due_ns;
}

static void assert_body(const char *text)
{
    const struct feed_poll_body *body = feed_poll_body(poll);
    assert_int_equal(body->size, strlen(text));
    assert_memory_equal(body->bytes, text, body->size);
}

static void tells_of_other_bytes(void **state)
{
    (void)state;
    publish("one", 60);
    assert_int_equal(ask(), FEED_POLL_CHANGED);
    assert_body("one");
    assert_string_equal(feed_poll_trouble(poll), "");
    wait_for_poll(); /* it was not accepted */
    assert_int_equal(ask(), FEED_POLL_CHANGED);
    feed_poll_accept(poll);
    wait_for_poll();
    assert_int_equal(ask(), FEED_POLL_UNCHANGED);
    publish("one", 50); /* another file with the same bytes */
    wait_for_poll();
    assert_int_equal(ask(), FEED_POLL_UNCHANGED);
    publish("two", 0);
    wait_for_poll();
    assert_int_equal(ask(), FEED_POLL_CHANGED);
    assert_body("two");
    feed_poll_accept(poll);
    wait_for_poll(); /* it has no tag yet: its bytes tell */
    assert_int_equal(ask(), FEED_POLL_UNCHANGED);
}

static void what_an_earlier_run_saw_counts(void **state)
{
    (void)state;
    publish("one", 60);
    assert_int_equal(ask(), FEED_POLL_CHANGED);
    struct feed_poll_body seen = *feed_poll_body(poll);
    create(false);
    feed_poll_set_seen(poll, &seen);
    assert_int_equal(ask(), FEED_POLL_UNCHANGED);
}

static void a_missing_file_is_a_failure(void **state)
{
    (void)state;
    assert_int_equal(ask(), FEED_POLL_FAILED);
    assert_non_null(strstr(feed_poll_trouble(poll), "no such file"));
    publish("one", 60);
    now_ns += 60 * SECOND_NS;
    assert_int_equal(ask(), FEED_POLL_CHANGED);
    assert_string_equal(feed_poll_trouble(poll), "");
}

static void or_a_normal_answer(void **state)
{
    (void)state;
    create(true);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ask(), FEED_POLL_MISSING);
        assert_string_equal(feed_poll_trouble(poll), "");
        wait_for_poll(); /* at the normal pace */
    }
    publish("one", 60);
    assert_int_equal(ask(), FEED_POLL_CHANGED);
    assert_body("one");
}

static void other_failures_stay_failures(void **state)
{
    (void)state;
    create(true);
    publish("", 60);
    assert_int_equal(ask(), FEED_POLL_FAILED);
    assert_non_null(strstr(feed_poll_trouble(poll), "empty"));
    char longer[102];
    memset(longer, 'x', 101);
    longer[101] = '\0';
    publish(longer, 60);
    now_ns += 60 * SECOND_NS;
    assert_int_equal(ask(), FEED_POLL_FAILED);
    assert_string_equal(feed_poll_trouble(poll), "too large: larger than the 100 bytes allowed");
    publish(longer + 1, 60);
    now_ns += 60 * SECOND_NS;
    assert_int_equal(ask(), FEED_POLL_CHANGED);
}

static void a_hurry_asks_at_once(void **state)
{
    (void)state;
    publish("one", 60);
    assert_int_equal(ask(), FEED_POLL_CHANGED);
    feed_poll_accept(poll);
    publish("two", 60);
    now_ns += HURRY_NS;
    feed_poll_soon(poll);
    assert_int_equal(ask(), FEED_POLL_CHANGED);
    assert_body("two");
    wait_for_poll(); /* the hurry is over */
}

/* The answer under way may be older than what made haste necessary. */
static void a_hurry_during_a_question_asks_again(void **state)
{
    (void)state;
    publish("one", 60);
    assert_int_equal(feed_poll_step(poll, now_ns), FEED_POLL_NONE);
    assert_true(fetch_run(fetch, 0, NULL));
    publish("two", 60);
    feed_poll_soon(poll);
    assert_int_equal(feed_poll_step(poll, now_ns), FEED_POLL_CHANGED);
    assert_body("one");
    feed_poll_accept(poll);
    now_ns = feed_poll_due_ns(poll);
    assert_int_equal(ask(), FEED_POLL_CHANGED);
    assert_body("two");
    wait_for_poll();
}

/* Whoever writes into a folder again and again sets no pace. */
static void hurries_keep_their_distance(void **state)
{
    (void)state;
    publish("one", 60);
    feed_poll_soon(poll);
    assert_int_equal(feed_poll_due_ns(poll), 0); /* the first is free */
    for (int i = 0; i < 20; i++) {
        const int64_t asked_ns = now_ns;
        assert_int_not_equal(ask(), FEED_POLL_NONE);
        for (int j = 0; j < 5; j++)
            feed_poll_soon(poll);
        assert_int_equal(feed_poll_due_ns(poll), asked_ns + HURRY_NS);
        assert_int_equal(feed_poll_step(poll, asked_ns + HURRY_NS - 1), FEED_POLL_NONE);
        now_ns = asked_ns + HURRY_NS;
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(tells_of_other_bytes),
        CASE(what_an_earlier_run_saw_counts),
        CASE(a_missing_file_is_a_failure),
        CASE(or_a_normal_answer),
        CASE(other_failures_stay_failures),
        CASE(a_hurry_asks_at_once),
        CASE(a_hurry_during_a_question_asks_again),
        CASE(hurries_keep_their_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
