/* The player's side of workers, against workers that crash, hang and lie.
 *
 * picture_client.c executes this program again as the worker; hostile_worker.h plays its parts. */
#include "decode/picture_client.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "decode/worker_process.h"
#include "hostile_worker.h"
#include "worker_sandbox_state.h"

#define LIMIT_MS 30000 /* far more than any worker here needs, even under a sanitizer */

static struct protocol_job job_of(const char *part, double scale)
{
    struct protocol_job job = {.kind = PROTOCOL_JOB_HOUSE_CARD,
                               .canvas_width_px = HOSTILE_WIDTH,
                               .canvas_height_px = HOSTILE_HEIGHT,
                               .scale = scale};
    if (part)
        snprintf(job.texts[0].text, sizeof job.texts[0].text, HOSTILE_MARK "%s", part);
    return job;
}

/* The one in work, so that a test that fails leaves no worker to the next. */
static struct picture_client *current;

static struct picture_client *start(const struct protocol_job *job, int64_t limit_ms)
{
    struct err err = {0};
    current = picture_client_start(job, NULL, 0, limit_ms, &err);
    if (!current)
        fail_msg("%s", err.text);
    return current;
}

static void stop(void)
{
    picture_client_stop(current);
    current = NULL;
}

static int stop_after_test(void **state)
{
    (void)state;
    stop();
    return 0;
}

static int count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    int count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void check_nothing_left(int descriptors)
{
    worker_process_reap(true);
    assert_int_equal(count_descriptors(), descriptors);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static enum picture_client_state wait_for(struct picture_client *frames, struct err *err)
{
    for (;;) {
        enum picture_client_state state = picture_client_poll(frames, clock_mono_ns(), err);
        if (state != PICTURE_CLIENT_PENDING)
            return state;
        int64_t left_ms = (picture_client_deadline_ns(frames) - clock_mono_ns()) / 1000000 + 1;
        struct pollfd fd = {.fd = picture_client_fd(frames), .events = POLLIN};
        poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0);
    }
}

/* Plays a part to its end and checks that it fails so, and leaves nothing. */
static void check_fails(const char *part, double scale, enum err_code code, const char *text)
{
    int descriptors = count_descriptors();
    struct err err = {0};
    struct protocol_job job = job_of(part, scale);
    struct picture_client *frames = start(&job, LIMIT_MS);
    if (wait_for(frames, &err) != PICTURE_CLIENT_FAILED)
        fail_msg("%s: was taken", part);
    if (err.code != code || !strstr(err.text, text))
        fail_msg("%s: %d \"%s\" instead of %d \"%s\"", part, err.code, err.text, code, text);
    assert_null(picture_client_take(frames));
    /* The failure is final, and its error is set once. */
    err = (struct err){0};
    assert_int_equal(picture_client_poll(frames, INT64_MAX, &err), PICTURE_CLIENT_FAILED);
    assert_int_equal(err.code, ERR_NONE);
    stop();
    check_nothing_left(descriptors);
}

static struct frame *check_taken(const char *part, double scale)
{
    struct err err = {0};
    struct protocol_job job = job_of(part, scale);
    struct picture_client *frames = start(&job, LIMIT_MS);
    assert_null(picture_client_take(frames)); /* not before it is ready */
    if (wait_for(frames, &err) != PICTURE_CLIENT_READY)
        fail_msg("%s: %s", part ? part : "honest", err.text);
    struct frame *frame = picture_client_take(frames);
    assert_non_null(frame);
    assert_null(picture_client_take(frames)); /* once */
    assert_int_equal(picture_client_poll(frames, INT64_MAX, &err), PICTURE_CLIENT_READY);
    stop();
    return frame;
}

/* Reads every byte of it: it must be there to its end. */
static uint32_t sum_of(const struct frame *frame)
{
    uint32_t sum = 0;
    for (int y = 0; y < frame->height_px; y++) {
        const uint32_t *row = (const uint32_t *)(const void *)((const uint8_t *)frame->pixels +
                                                               frame->stride_bytes * (size_t)y);
        for (int x = 0; x < frame->width_px; x++)
            sum += row[x];
    }
    return sum;
}

static void an_honest_worker(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct frame *frame = check_taken(NULL, 1);
    assert_int_equal(frame->width_px, HOSTILE_WIDTH);
    assert_int_equal(frame->height_px, HOSTILE_HEIGHT);
    assert_true(frame->opaque);
    assert_int_equal(frame->at.width, HOSTILE_WIDTH);
    assert_int_not_equal(sum_of(frame), 0);
    check_nothing_left(descriptors); /* the frame outlives its worker and its descriptor */
    struct frame *other = check_taken(NULL, 1);
    assert_true(other->id != frame->id);
    assert_int_equal(sum_of(other), sum_of(frame));
    frame_release(frame_hold(frame));
    frame_release(frame);
    frame_release(other);
}

static void an_honest_worker_on_a_turned_screen(void **state)
{
    (void)state;
    for (int rotation = 0; rotation < 360; rotation += 90) {
        struct err err = {0};
        struct protocol_job job = job_of(NULL, 1);
        job.rotation = rotation;
        struct picture_client *frames = start(&job, LIMIT_MS);
        assert_int_equal(wait_for(frames, &err), PICTURE_CLIENT_READY);
        struct frame *frame = picture_client_take(frames);
        assert_int_equal(frame->width_px, rotation % 180 ? HOSTILE_HEIGHT : HOSTILE_WIDTH);
        assert_int_equal(frame->at.height, rotation % 180 ? HOSTILE_WIDTH : HOSTILE_HEIGHT);
        stop();
        frame_release(frame);
    }
}

static void an_honest_error(void **state)
{
    (void)state;
    int descriptors = count_descriptors(), text[2];
    assert_int_equal(pipe2(text, O_CLOEXEC), 0);
    struct err err = {0};
    struct protocol_job job = job_of(NULL, 1);
    job.kind = PROTOCOL_JOB_STILL;
    struct picture_client *frames = current = picture_client_start(&job, text, 1, LIMIT_MS, &err);
    assert_non_null(frames);
    assert_int_equal(wait_for(frames, &err), PICTURE_CLIENT_FAILED);
    assert_int_equal(err.code, ERR_INPUT);
    assert_string_equal(err.text, "not a regular file");
    stop();
    close(text[0]);
    close(text[1]);
    check_nothing_left(descriptors);
}

static void workers_that_die(void **state)
{
    (void)state;
    check_fails("quiet exit", 1, ERR_WORKER, "the worker exited unexpectedly");
    check_fails("signal", 1, ERR_WORKER, "the worker crashed (signal 14)");
    /* Whoever did that, it was not the picture. */
    check_fails("crash before reading", 1, ERR_KILLED, "the worker was killed");
    check_fails("crash after ring", 1, ERR_KILLED, "the worker was killed");
}

/* Talks no more, and does not end: given up after a while, which nobody waits for here. */
static void check_hangs_up(const char *part)
{
    int descriptors = count_descriptors();
    struct err err = {0};
    struct protocol_job job = job_of(part, 1);
    struct picture_client *frames = start(&job, LIMIT_MS);
    int64_t late_ns = picture_client_deadline_ns(frames), deadline_ns;
    while ((deadline_ns = picture_client_deadline_ns(frames)) >= late_ns) {
        poll(&(struct pollfd){.fd = picture_client_fd(frames), .events = POLLIN}, 1, LIMIT_MS);
        assert_int_equal(picture_client_poll(frames, clock_mono_ns(), &err),
                         PICTURE_CLIENT_PENDING);
    }
    assert_int_equal(picture_client_poll(frames, deadline_ns - 1, &err), PICTURE_CLIENT_PENDING);
    assert_int_equal(picture_client_poll(frames, deadline_ns, &err), PICTURE_CLIENT_FAILED);
    assert_int_equal(err.code, ERR_WORKER);
    assert_string_equal(err.text, "the worker closed its socket without exiting");
    stop();
    check_nothing_left(descriptors);
}

static void workers_that_break_out(void **state)
{
    (void)state;
    check_fails("break out", 1, ERR_SANDBOX, "forbidden system call (socket)");
    check_fails("break out after ring", 1, ERR_SANDBOX, "forbidden system call (kill)");
    check_fails("burn", 1, ERR_WORKER, "exceeded its CPU time limit");
    check_hangs_up("hang up");
    /* Its picture is whole and sealed, and of no other kind than an honest one's. */
    frame_release(check_taken("break out after frame", 1));
}

static void check_kinds(bool sandboxed)
{
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    worker_process_reap(true); /* those of the test before */
    for (uint32_t kind = PROTOCOL_JOB_STILL; kind <= PROTOCOL_JOB_HOUSE_CARD; kind++) {
        struct err err = {0};
        struct protocol_job job = job_of(NULL, 1);
        job.kind = kind;
        job.texts[0].style = (struct text_style){.size = 0.1, .opacity = 1};
        job.texts[0].face_count = 1;
        job.only = TEXT_LEVELS;
        if (kind == PROTOCOL_JOB_TAGLINE)
            snprintf(job.texts[0].text, sizeof job.texts[0].text, "Small");
        current =
            picture_client_start(&job, &file, kind != PROTOCOL_JOB_HOUSE_CARD, LIMIT_MS, &err);
        assert_non_null(current);
        /* It ends by itself, and stays to be looked at: nobody polls, and so reaps, it before. */
        siginfo_t info = {0};
        assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
        check_limits(info.si_pid, &worker_picture, sandboxed);
        /* Neither a picture nor a font: a worker's own words say so, from within. */
        if (wait_for(current, &err) == PICTURE_CLIENT_FAILED && err.code != ERR_INPUT)
            fail_msg("%u: %s", kind, err.text);
        stop();
        worker_process_reap(true);
    }
    close(file);
}

static void each_kind_of_worker_is_sandboxed(void **state)
{
    (void)state;
    struct err err = {0};
    check_kinds(true);
    assert_true(worker_process_prepare(true, &err));
    check_kinds(false);
    assert_true(worker_process_prepare(false, &err));
}

/* The kernel that the rest of a process sees. */
static void forget_seccomp(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) < 0 ||
        seccomp_load(filter) < 0)
        _exit(3);
    seccomp_release(filter);
}

static void no_sandbox_no_work(void **state)
{
    (void)state;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct err err = {0};
        struct protocol_job job = job_of(NULL, 1);
        forget_seccomp();
        struct picture_client *frames = picture_client_start(&job, NULL, 0, LIMIT_MS, &err);
        if (!frames || wait_for(frames, &err) != PICTURE_CLIENT_FAILED || err.code != ERR_SYSTEM ||
            !strstr(err.text, "cannot sandbox the worker"))
            _exit(4);
        picture_client_stop(frames);
        if (worker_process_prepare(false, &err) || !strstr(err.text, "--no-sandbox"))
            _exit(5);
        if (!worker_process_prepare(true, &err))
            _exit(6);
        frames = picture_client_start(&job, NULL, 0, LIMIT_MS, &err);
        _exit(frames && wait_for(frames, &err) == PICTURE_CLIENT_READY ? 0 : 7);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void sizes_that_lie(void **state)
{
    (void)state;
    check_fails("size of nothing", 1, ERR_WORKER, "invalid size");
    check_fails("size of too much", 1, ERR_WORKER, "invalid size");
    check_fails("size below zero", 1, ERR_WORKER, "invalid size");
    check_fails("two sizes", 1, ERR_WORKER, "invalid size");
    check_fails("size after ring", 1, ERR_WORKER, "invalid size");
    check_fails("size with a file", 1, ERR_WORKER, "invalid size");
}

static void workers_that_send_invalid_messages(void **state)
{
    (void)state;
    check_fails("short packet", 1, ERR_WORKER, "invalid message");
    check_fails("long packet", 1, ERR_WORKER, "invalid message");
    check_hangs_up("empty packet"); /* looks like the end of the connection */
    check_fails("empty packet with files", 1, ERR_WORKER, "invalid message");
    check_fails("wrong magic", 1, ERR_WORKER, "invalid message");
    check_fails("unknown kind", 1, ERR_WORKER, "invalid message");
}

static void rings_that_lie(void **state)
{
    (void)state;
    for (size_t i = 0; i < RING_LIES; i++)
        check_fails(ring_lies[i].name, 1, ERR_WORKER, "invalid frame");
}

static void memory_that_is_none(void **state)
{
    (void)state;
    check_fails("not sealed", 1, ERR_WORKER, "not sealed");
    check_fails("half sealed", 1, ERR_WORKER, "not sealed");
    check_fails("short memfd", 1, ERR_WORKER, "too short");
    check_fails("ordinary file", 1, ERR_WORKER, "not sealed");
    check_fails("pipe", 1, ERR_WORKER, "not sealed");
    check_fails("no fd", 1, ERR_WORKER, "invalid frame");
}

static void too_many_descriptors(void **state)
{
    (void)state;
    check_fails("two fds", 1, ERR_WORKER, "invalid message");
    check_fails("eight fds", 1, ERR_WORKER, "invalid message");
    check_fails("fds with nonsense", 1, ERR_WORKER, "invalid message");
}

static void events_out_of_order(void **state)
{
    (void)state;
    check_fails("two rings", 1, ERR_WORKER, "invalid frame");
    check_fails("frame before ring", 1, ERR_WORKER, "announced an invalid frame");
    check_fails("slot one", 1, ERR_WORKER, "announced an invalid frame");
    check_fails("slot minus one", 1, ERR_WORKER, "announced an invalid frame");
    check_fails("end at once", 1, ERR_WORKER, "without a frame");
    check_fails("end without frame", 1, ERR_WORKER, "without a frame");
}

static void errors_that_lie(void **state)
{
    (void)state;
    check_fails("unterminated text", 1, ERR_WORKER, "xxxxxxxx");
    check_fails("error without code", 1, ERR_WORKER, "all is well");
    check_fails("error of the system", 1, ERR_LIMIT, "no memory");
    check_fails("error with format", 1, ERR_INPUT, "%s%n");
}

/* No hostile byte was read by then. */
static void what_fails_before_it_is_ready_is_not_the_pictures_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < UNREADY_ENDS; i++)
        check_fails(unready_ends[i].part, 1, unready_ends[i].code, unready_ends[i].text);
}

static void a_frame_counts_whatever_follows(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct frame *frame = check_taken("frame then garbage", 1);
    assert_int_equal(sum_of(frame), 0);
    check_nothing_left(descriptors);
    frame_release(frame);
}

static void what_is_odd_but_fair_is_taken(void **state)
{
    (void)state;
    struct frame *frame = check_taken("odd but fair", 1);
    assert_int_equal(frame->stride_bytes, HOSTILE_WIDTH * 4 + 64);
    assert_true(frame->focus_x == 0 && frame->focus_y == 1);
    assert_int_equal(sum_of(frame), 0);
    frame_release(frame);
}

/* Frames of moving pictures are larger than their place, by what was asked and no more. */
static void sizes_of_moving_frames(void **state)
{
    (void)state;
    struct frame *frame = check_taken("scaled", 1.08);
    assert_int_equal(frame->width_px, 43);
    assert_int_equal(frame->at.width, HOSTILE_WIDTH);
    frame_release(frame);
    check_fails("scaled", 1, ERR_WORKER, "invalid frame");
    check_fails("scaled too far", 1.08, ERR_WORKER, "invalid frame");
    check_fails("scaled down", 1.08, ERR_WORKER, "invalid frame");
}

static void check_reports(const char *part, const char *text)
{
    struct err err = {0};
    struct protocol_job job = job_of(part, 1);
    assert_int_equal(wait_for(start(&job, LIMIT_MS), &err), PICTURE_CLIENT_FAILED);
    assert_string_equal(err.text, text);
    stop();
}

static void a_worker_sees_its_own_descriptors_only(void **state)
{
    (void)state;
    /* Some that a careless exec would hand on. */
    int leaky[] = {open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY), dup(2)};
    check_reports("list descriptors", "0 1 2 3 ");
    for (size_t i = 0; i < sizeof leaky / sizeof *leaky; i++)
        close(leaky[i]);
}

static void a_worker_sees_no_environment_of_ours(void **state)
{
    (void)state;
    setenv("DUCKLING_TOKEN", "secret", 1);
    check_reports("list environment", "LC_ALL=C.UTF-8 TZ=UTC0 ");
    unsetenv("DUCKLING_TOKEN");
}

/* A service may be started with its standard descriptors closed; the socket then gets their
 * numbers. */
static void works_without_standard_descriptors(void **state)
{
    (void)state;
    int saved[2] = {fcntl(0, F_DUPFD_CLOEXEC, 20), fcntl(1, F_DUPFD_CLOEXEC, 20)};
    fflush(stdout);
    close(0);
    close(1);
    struct err err = {0};
    struct protocol_job job = job_of(NULL, 1);
    struct picture_client *frames = start(&job, LIMIT_MS);
    enum picture_client_state end = wait_for(frames, &err);
    stop();
    for (int i = 0; i < 2; i++)
        if (saved[i] >= 0) {
            dup2(saved[i], i);
            close(saved[i]);
        }
    if (end != PICTURE_CLIENT_READY)
        fail_msg("%s", err.text);
}

static void a_worker_can_be_stopped_at_any_time(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    static const char *const names[] = {NULL, "hang", "hang after ring"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct protocol_job job = job_of(names[i], 1);
        start(&job, LIMIT_MS);
        stop();
        check_nothing_left(descriptors);
    }
    picture_client_stop(NULL);
}

/* Ready but never taken: the frame goes with its worker. */
static void a_frame_that_nobody_takes(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct protocol_job job = job_of(NULL, 1);
    struct picture_client *frames = start(&job, LIMIT_MS);
    assert_int_equal(wait_for(frames, &err), PICTURE_CLIENT_READY);
    stop();
    check_nothing_left(descriptors);
}

static void jobs_that_can_not_be_given(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    int files[PROTOCOL_FILES_MAX + 1] = {0};
    const double scales[] = {2.01, NAN, INFINITY};
    struct err err = {0};
    struct protocol_job job = job_of(NULL, 1);
    assert_null(picture_client_start(&job, files, PROTOCOL_FILES_MAX + 1, LIMIT_MS, &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_null(picture_client_start(&job, files, -1, LIMIT_MS, &err));
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        job.scale = scales[i];
        assert_null(picture_client_start(&job, NULL, 0, LIMIT_MS, &err));
    }
    job.scale = 1;
    files[0] = 1000; /* not open */
    assert_null(picture_client_start(&job, files, 1, LIMIT_MS, &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    check_nothing_left(descriptors);
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], PROTOCOL_WORKER_NAME) == 0)
        _exit(play_worker()); /* as main() does; the search for leaks is not for sandboxes */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_honest_worker, stop_after_test),
        cmocka_unit_test_teardown(an_honest_worker_on_a_turned_screen, stop_after_test),
        cmocka_unit_test_teardown(an_honest_error, stop_after_test),
        cmocka_unit_test_teardown(workers_that_die, stop_after_test),
        cmocka_unit_test_teardown(workers_that_break_out, stop_after_test),
        cmocka_unit_test_teardown(each_kind_of_worker_is_sandboxed, stop_after_test),
        cmocka_unit_test_teardown(no_sandbox_no_work, stop_after_test),
        cmocka_unit_test_teardown(sizes_that_lie, stop_after_test),
        cmocka_unit_test_teardown(workers_that_send_invalid_messages, stop_after_test),
        cmocka_unit_test_teardown(rings_that_lie, stop_after_test),
        cmocka_unit_test_teardown(memory_that_is_none, stop_after_test),
        cmocka_unit_test_teardown(too_many_descriptors, stop_after_test),
        cmocka_unit_test_teardown(events_out_of_order, stop_after_test),
        cmocka_unit_test_teardown(errors_that_lie, stop_after_test),
        cmocka_unit_test_teardown(what_fails_before_it_is_ready_is_not_the_pictures_fault,
                                  stop_after_test),
        cmocka_unit_test_teardown(a_frame_counts_whatever_follows, stop_after_test),
        cmocka_unit_test_teardown(what_is_odd_but_fair_is_taken, stop_after_test),
        cmocka_unit_test_teardown(sizes_of_moving_frames, stop_after_test),
        cmocka_unit_test_teardown(a_worker_sees_its_own_descriptors_only, stop_after_test),
        cmocka_unit_test_teardown(a_worker_sees_no_environment_of_ours, stop_after_test),
        cmocka_unit_test_teardown(works_without_standard_descriptors, stop_after_test),
        cmocka_unit_test_teardown(a_worker_can_be_stopped_at_any_time, stop_after_test),
        cmocka_unit_test_teardown(a_frame_that_nobody_takes, stop_after_test),
        cmocka_unit_test_teardown(jobs_that_can_not_be_given, stop_after_test),
    };
    return cmocka_run_group_tests_name("picture_client", tests, NULL, NULL);
}
