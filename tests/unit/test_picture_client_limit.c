/* How long a picture's worker may work, and how long it may do nothing; the rules themselves are
 * tested in test_work_limit.c.
 *
 * picture_client.c executes this program again as the worker; hostile_worker.h plays its parts. */
#include "decode/picture_client.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <cmocka.h>

#include "decode/work_limit.h"
#include "decode/worker_process.h"
#include "hostile_worker.h"
#include "worker_sandbox_state.h"

#define LIMIT_MS 30000 /* far more than any worker here needs, even under a sanitizer */

static struct picture_client *current;

static struct picture_client *start(const char *part, int64_t limit_ms)
{
    struct err err = {0};
    struct protocol_job job = {.kind = PROTOCOL_JOB_HOUSE_CARD,
                               .canvas_width_px = HOSTILE_WIDTH,
                               .canvas_height_px = HOSTILE_HEIGHT,
                               .scale = 1};
    snprintf(job.texts[0].text, sizeof job.texts[0].text, HOSTILE_MARK "%s", part);
    current = picture_client_start(&job, NULL, 0, limit_ms, &err);
    if (!current)
        fail_msg("%s", err.text);
    return current;
}

static int stop_after_test(void **state)
{
    (void)state;
    picture_client_stop(current);
    current = NULL;
    worker_process_reap(true); /* there is one at a time */
    return 0;
}

/* Until the worker has sent so many messages, of which the first is that it is ready; then they are
 * received. */
static void wait_for_messages(struct picture_client *frames, int count)
{
    struct err err = {0};
    int bytes = 0, wanted = count * (int)sizeof(struct protocol_event);
    while (bytes < wanted) {
        poll(&(struct pollfd){.fd = picture_client_fd(frames), .events = POLLIN}, 1, LIMIT_MS);
        assert_int_equal(ioctl(picture_client_fd(frames), FIONREAD, &bytes), 0);
    }
    assert_int_equal(picture_client_poll(frames, clock_mono_ns(), &err), PICTURE_CLIENT_PENDING);
}

/* Time is what the test says; the worker's start may count as progress once. `messages`: what it
 * sends before it hangs. */
static void check_hangs(const char *part, int messages, enum err_code code, const char *text)
{
    struct err err = {0};
    struct picture_client *frames = start(part, LIMIT_MS);
    wait_for_messages(frames, messages);
    enum picture_client_state state = PICTURE_CLIENT_PENDING;
    for (int i = 0; i < 2 && state == PICTURE_CLIENT_PENDING; i++) {
        int64_t deadline_ns = picture_client_deadline_ns(frames);
        state = picture_client_poll(frames, deadline_ns - 1, &err);
        assert_int_equal(state, PICTURE_CLIENT_PENDING);
        state = picture_client_poll(frames, deadline_ns, &err);
    }
    assert_int_equal(state, PICTURE_CLIENT_FAILED);
    if (err.code != code || !strstr(err.text, text))
        fail_msg("%s: %d \"%s\"", part, err.code, err.text);
    stop_after_test(NULL);
}

static void workers_that_hang(void **state)
{
    (void)state;
    check_hangs("hang", 1, ERR_TIMEOUT, "the house card made no progress for 30 s");
    check_hangs("hang after ring", 2, ERR_TIMEOUT, "the house card made no progress for 30 s");
    check_hangs("hang after size", 2, ERR_TIMEOUT,
                "of 640 × 360 pixels made no progress for 30 s: is its disk slow or failing?");
    check_hangs("unready hang", 0, ERR_KILLED, "the worker did not start within 30 s");
}

/* Until a worker that does nothing but compute has used so much more processor time. */
static void wait_for_work(int64_t cpu_ns)
{
    int64_t first_ns, now_ns;
    pid_t pid = only_child();
    assert_true(clock_process_cpu_ns(pid, &first_ns));
    do
        assert_true(clock_process_cpu_ns(pid, &now_ns));
    while (now_ns - first_ns < cpu_ns);
}

/* However much time goes by on the clock: a busy machine ends no picture. */
static void who_works_is_not_ended_by_the_clock(void **state)
{
    (void)state;
    struct err err = {0};
    struct picture_client *frames = start("burn", LIMIT_MS);
    wait_for_messages(frames, 1);
    for (int i = 0; i < 3; i++) {
        wait_for_work(LIMIT_MS * INT64_C(1000000) / WORK_LIMIT_IDLE_PART);
        assert_int_equal(picture_client_poll(frames, picture_client_deadline_ns(frames), &err),
                         PICTURE_CLIENT_PENDING);
    }
}

static void who_works_too_much_is_ended(void **state)
{
    (void)state;
    const int64_t limit_ms = 200;
    struct err err = {0};
    struct picture_client *frames = start("burn", limit_ms);
    wait_for_messages(frames, 1);
    wait_for_work(limit_ms * 1000000);
    assert_int_equal(picture_client_poll(frames, picture_client_deadline_ns(frames), &err),
                     PICTURE_CLIENT_FAILED);
    assert_int_equal(err.code, ERR_TIMEOUT);
    assert_string_equal(err.text, "the house card took more processor time than its limit of "
                                  "0.2 s: make it smaller, or raise --decode-timeout");
}

#define START_NS (INT64_C(50) * 1000000)

static void burn_until(int64_t cpu_ns)
{
    while (clock_own_cpu_ns() < cpu_ns)
        ;
}

/* Takes its time to get ready, and much less for its picture. `used_ns`: what it says of the
 * first. */
static void work_after_a_long_start(int64_t used_ns)
{
    burn_until(START_NS);
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_READY, .used_ns = used_ns}, -1);
    send_event(
        (struct protocol_event){.kind = PROTOCOL_EVENT_SIZE,
                                .ring.facts = {.stored_width_px = 4000, .stored_height_px = 2500}},
        -1);
    send_event(honest_ring(), sealed((off_t)HOSTILE_WIDTH * HOSTILE_HEIGHT * 4));
    send_event(frame_event, -1);
    pause();
}

static void play_long_start(void)
{
    burn_until(START_NS);
    work_after_a_long_start(clock_own_cpu_ns());
}

static void play_lie_about_start(void)
{
    work_after_a_long_start(INT64_MAX);
}

static const struct hostile_part own_parts[] = {
    {"unready for long", play_long_start},
    {"unready, it says, for ever", play_lie_about_start},
};

static void wait_for_picture(struct picture_client *frames)
{
    struct err err = {0};
    int bytes = 0;
    while (bytes < 4 * (int)sizeof(struct protocol_event)) {
        poll(&(struct pollfd){.fd = picture_client_fd(frames), .events = POLLIN}, 1, LIMIT_MS);
        assert_int_equal(ioctl(picture_client_fd(frames), FIONREAD, &bytes), 0);
    }
    assert_int_equal(picture_client_poll(frames, clock_mono_ns(), &err), PICTURE_CLIENT_READY);
}

/* However late it is asked: here all is there at the first look. */
static void the_start_is_no_work(void **state)
{
    (void)state;
    struct picture_client *frames = start("unready for long", LIMIT_MS);
    assert_int_equal(picture_client_work_ns(frames), 0);
    assert_int_equal(picture_client_allowed_ns(frames, 2000), 2000000000);
    wait_for_picture(frames);
    assert_true(picture_client_processor_ns(frames) >= START_NS);
    assert_true(picture_client_work_ns(frames) > 0);
    assert_true(picture_client_work_ns(frames) <= picture_client_processor_ns(frames) - START_NS);
    assert_int_equal(picture_client_allowed_ns(frames, 2000), 4000000000);
}

static void no_start_takes_longer_than_all(void **state)
{
    (void)state;
    struct picture_client *frames = start("unready, it says, for ever", LIMIT_MS);
    wait_for_picture(frames);
    assert_in_range(picture_client_work_ns(frames), 0, picture_client_processor_ns(frames));
}

/* For own_parts, which say themselves that they are ready. */
static int play_own_worker(void)
{
    static struct protocol_job job;
    if (recv(PROTOCOL_FD, &job, sizeof job, MSG_PEEK) == (ssize_t)sizeof job)
        play_part(own_parts, sizeof own_parts / sizeof *own_parts,
                  job.texts[0].text + strlen(HOSTILE_MARK));
    return play_worker();
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], PROTOCOL_WORKER_NAME) == 0)
        _exit(play_own_worker());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(workers_that_hang, stop_after_test),
        cmocka_unit_test_teardown(who_works_is_not_ended_by_the_clock, stop_after_test),
        cmocka_unit_test_teardown(who_works_too_much_is_ended, stop_after_test),
        cmocka_unit_test_teardown(the_start_is_no_work, stop_after_test),
        cmocka_unit_test_teardown(no_start_takes_longer_than_all, stop_after_test),
    };
    return cmocka_run_group_tests_name("picture_client_limit", tests, NULL, NULL);
}
