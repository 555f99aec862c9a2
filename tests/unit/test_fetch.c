/* Files of folders; what a web server does is in tests/faults. */
#include "base/clock.h"
#include "sync/fetch.h"

#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "temp_folder.h"

#define BODY_BYTES_MAX 1000000
#define FOREVER_MS 3600000 /* the test runner would end it */

/* What a transfer brought. */
struct body {
    char bytes[BODY_BYTES_MAX];
    size_t size, pieces, largest;
    int status;
    bool refuse;
};

static struct body body;
static struct err err;

static struct fetch *new_fetch(void)
{
    struct fetch *fetch = fetch_create(NULL, &err);
    assert_non_null(fetch);
    return fetch;
}

static bool take(void *context, const struct http_response *head, const void *data, size_t size,
                 struct err *failure)
{
    struct body *to = context;
    if (to->refuse)
        return err_set(failure, ERR_DISK, "no room");
    assert_true(to->size + size <= sizeof to->bytes);
    if (size)
        memcpy(to->bytes + to->size, data, size);
    to->size += size;
    to->pieces++;
    to->largest = size > to->largest ? size : to->largest;
    to->status = head->status;
    return true;
}

static struct http_request request_of(const char *location)
{
    body.size = body.pieces = body.largest = 0;
    body.status = 0;
    body.refuse = false;
    err = (struct err){0};
    return (struct http_request){
        .url = location, .limit_bytes = BODY_BYTES_MAX, .take = take, .context = &body};
}

static struct fetch_transfer *start(struct fetch *fetch, const struct http_request *request)
{
    struct fetch_transfer *transfer = fetch_get(fetch, request, &err);
    assert_non_null(transfer);
    assert_false(fetch_finished(transfer));
    return transfer;
}

static bool finish(struct fetch *fetch, struct fetch_transfer *transfer,
                   struct http_response *response)
{
    while (!fetch_finished(transfer))
        assert_true(fetch_run(fetch, FOREVER_MS, &err));
    bool ok = fetch_result(transfer, response, &err);
    fetch_end(transfer);
    return ok;
}

static bool get(const struct http_request *request, struct http_response *response)
{
    struct fetch *fetch = new_fetch();
    bool ok = finish(fetch, start(fetch, request), response);
    fetch_destroy(fetch);
    return ok;
}

static void assert_refused(const struct http_request *request, enum err_code code,
                           const char *words)
{
    assert_false(get(request, NULL));
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, words));
    assert_null(strstr(err.text, temp_folder));
}

/* `ago_s` seconds old, and so many bytes, of which no two stretches are alike. */
static const char *write_file(const char *name, size_t size, int ago_s)
{
    const char *path = temp_folder_path(name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        fputc((int)(i * 31 + i / 251), file);
    assert_int_equal(fclose(file), 0);
    time_t modified = (time_t)(clock_wall_ms() / 1000) - ago_s;
    const struct timespec times[2] = {{modified, 0}, {modified, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    return path;
}

static void assert_body(size_t start, size_t size)
{
    assert_int_equal(body.size, size);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)body.bytes[i] != (unsigned char)((start + i) * 31 + (start + i) / 251))
            fail_msg("byte %zu of the body is another", i);
}

static void gets_a_file_in_stretches(void **state)
{
    (void)state;
    struct http_response response;
    struct http_request request = request_of(write_file("a", 700000, 60));
    assert_true(get(&request, &response));
    assert_body(0, 700000);
    assert_int_equal(response.status, 200);
    assert_int_equal(body.status, 200);
    assert_int_equal(response.content_bytes, 700000);
    assert_string_equal(response.last_modified, "");
    assert_true(response.etag[0] == '"');
    assert_int_equal(body.pieces, 3);
    assert_int_equal(body.largest, 256 << 10);
}

/* A stop is looked at between two runs. */
static void a_run_moves_each_file_by_a_stretch(void **state)
{
    (void)state;
    struct fetch *fetch = new_fetch();
    struct http_request request = request_of(write_file("a", 700000, 60));
    struct fetch_transfer *transfer = start(fetch, &request);
    for (size_t i = 1; i <= 2; i++) {
        assert_true(fetch_run(fetch, FOREVER_MS, &err));
        assert_int_equal(body.pieces, i);
        assert_false(fetch_finished(transfer));
    }
    assert_true(fetch_run(fetch, FOREVER_MS, &err));
    assert_true(fetch_finished(transfer));
    /* Nothing moves once it has finished: this would wait. */
    assert_true(fetch_run(fetch, 0, &err));
    assert_int_equal(body.pieces, 3);
    fetch_end(transfer);
    fetch_destroy(fetch);
}

static void an_empty_file_is_taken_once(void **state)
{
    (void)state;
    struct http_response response;
    struct http_request request = request_of(write_file("a", 0, 60));
    assert_true(get(&request, &response));
    assert_int_equal(body.pieces, 1);
    assert_int_equal(body.size, 0);
    assert_int_equal(response.content_bytes, 0);
}

static void the_tag_answers_conditions(void **state)
{
    (void)state;
    struct http_response first, response;
    struct http_request request = request_of(write_file("a", 1000, 60));
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", request.url);
    assert_true(get(&request, &first));
    request = request_of(path);
    request.if_none_match = first.etag;
    assert_true(get(&request, &response));
    assert_int_equal(response.status, 304);
    assert_int_equal(body.pieces, 0);
    request = request_of(path);
    request.if_none_match = "\"another\"";
    assert_true(get(&request, &response));
    assert_int_equal(response.status, 200);
    /* Other bytes of the same length, as old as the first. */
    write_file("b", 1000, 60);
    assert_int_equal(rename(temp_folder_path("b"), path), 0);
    request = request_of(path);
    request.if_none_match = first.etag;
    assert_true(get(&request, &response));
    assert_int_equal(response.status, 200);
    assert_string_not_equal(response.etag, first.etag);
}

/* Written twice within one tick of the clock, with one length: the tag would be the same. */
static void a_file_of_just_now_has_no_tag(void **state)
{
    (void)state;
    static const int ages_s[] = {0, -100, -1000000};
    for (size_t i = 0; i < sizeof ages_s / sizeof *ages_s; i++) {
        struct http_response response;
        struct http_request request = request_of(write_file("a", 10, ages_s[i]));
        request.if_none_match = "";
        request.if_range = "";
        request.range_start = 5;
        assert_true(get(&request, &response));
        assert_int_equal(response.status, 200);
        assert_string_equal(response.etag, "");
        assert_body(0, 10);
    }
}

static void goes_on_with_a_part(void **state)
{
    (void)state;
    struct http_response first, response;
    struct http_request request = request_of(write_file("a", 400000, 60));
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", request.url);
    assert_true(get(&request, &first));
    request = request_of(path);
    request.range_start = 1000;
    request.if_range = first.etag;
    assert_true(get(&request, &response));
    assert_int_equal(response.status, 206);
    assert_int_equal(response.range_start, 1000);
    assert_int_equal(response.range_total, 400000);
    assert_int_equal(response.content_bytes, 399000);
    assert_body(1000, 399000);
    /* Without a condition, too, as web servers do it. */
    request = request_of(path);
    request.range_start = 1000;
    assert_true(get(&request, &response));
    assert_int_equal(response.status, 206);
    assert_body(1000, 399000);
    const struct {
        const char *if_range;
        int64_t range_start;
    } whole[] = {{"\"another\"", 1000}, {"", 1000}, {first.etag, 400000}, {first.etag, 400001}};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        request = request_of(path);
        request.range_start = whole[i].range_start;
        request.if_range = whole[i].if_range;
        assert_true(get(&request, &response));
        assert_int_equal(response.status, 200);
        assert_int_equal(response.range_total, -1);
        assert_body(0, 400000);
    }
}

static void a_file_that_is_too_large_is_not_read(void **state)
{
    (void)state;
    struct http_request request = request_of(write_file("a", 1001, 60));
    request.limit_bytes = 1000;
    assert_refused(&request, ERR_LIMIT, "too large: larger than the 1000 bytes allowed");
    assert_int_equal(body.pieces, 0);
    request = request_of(write_file("a", 1000, 60));
    request.limit_bytes = 1000;
    assert_true(get(&request, NULL));
}

static void what_is_no_file_is_not_opened(void **state)
{
    (void)state;
    struct http_response response;
    struct http_request request = request_of(temp_folder_path("nowhere"));
    assert_false(get(&request, &response));
    assert_int_equal(err.code, ERR_MISSING);
    assert_int_equal(response.status, 404);
    temp_folder_write("file", "x");
    request = request_of(temp_folder_path("file/a"));
    assert_refused(&request, ERR_MISSING, "no such file");
    assert_int_equal(mkfifo(temp_folder_path("fifo"), 0600), 0);
    request = request_of(temp_folder_path("fifo"));
    assert_refused(&request, ERR_INPUT, "not a regular file"); /* and does not hang */
    request = request_of(temp_folder);
    assert_refused(&request, ERR_INPUT, "not a regular file");
    request = request_of("/dev/zero");
    assert_refused(&request, ERR_INPUT, "not a regular file");
    assert_int_equal(symlink("loop", temp_folder_path("loop")), 0);
    request = request_of(temp_folder_path("loop"));
    assert_refused(&request, ERR_SYSTEM, "cannot be read");
}

/* Reads a stretch of a file, lets `change` happen, and reads the rest. */
static bool get_while(void (*change)(const char *path), struct http_response *response)
{
    struct fetch *fetch = new_fetch();
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", write_file("a", 400000, 60));
    struct http_request request = request_of(path);
    struct fetch_transfer *transfer = start(fetch, &request);
    assert_true(fetch_run(fetch, FOREVER_MS, &err));
    assert_int_equal(body.pieces, 1);
    change(path);
    bool ok = finish(fetch, transfer, response);
    fetch_destroy(fetch);
    return ok;
}

static void write_into(const char *path)
{
    FILE *file = fopen(path, "r+be");
    assert_non_null(file);
    assert_int_equal(fseek(file, 1000, SEEK_SET), 0);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
}

static void lengthen(const char *path)
{
    assert_int_equal(truncate(path, 400001), 0);
}

static void shorten(const char *path)
{
    assert_int_equal(truncate(path, 300000), 0);
}

static void cut_off(const char *path)
{
    assert_int_equal(truncate(path, 100), 0);
}

static void replace(const char *path)
{
    temp_folder_write("new", "another file");
    assert_int_equal(rename(temp_folder_path("new"), path), 0);
}

static void a_change_while_it_is_read_is_noticed(void **state)
{
    (void)state;
    void (*const changes[])(const char *) = {write_into, lengthen, shorten, cut_off};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        assert_false(get_while(changes[i], NULL));
        assert_int_equal(err.code, ERR_NETWORK);
        assert_string_equal(err.text, "the file changed while it was read");
    }
}

/* As publishers do it: what was opened stays whole. */
static void a_file_that_is_replaced_is_read_to_its_end(void **state)
{
    (void)state;
    struct http_response response;
    assert_true(get_while(replace, &response));
    assert_body(0, 400000);
}

static void what_takes_may_refuse(void **state)
{
    (void)state;
    struct http_request request = request_of(write_file("a", 10, 60));
    body.refuse = true;
    assert_refused(&request, ERR_DISK, "no room");
}

static void an_answer_may_take_so_long(void **state)
{
    (void)state;
    struct fetch *fetch = new_fetch();
    struct http_request request = request_of(write_file("a", 10, 60));
    request.total_ms = 1;
    struct fetch_transfer *transfer = start(fetch, &request);
    for (int64_t end_ns = clock_mono_ns() + 1100000; clock_mono_ns() < end_ns;)
        ;
    assert_false(finish(fetch, transfer, NULL));
    assert_int_equal(err.code, ERR_TIMEOUT);
    assert_string_equal(err.text, "too slow: not complete within 1 ms");
    request = request_of(request.url);
    request.total_ms = FOREVER_MS;
    assert_true(finish(fetch, start(fetch, &request), NULL));
    fetch_destroy(fetch);
}

static void several_move_together_and_may_be_ended(void **state)
{
    (void)state;
    struct fetch *fetch = new_fetch();
    struct fetch_transfer *transfers[3];
    static struct body bodies[3];
    struct http_request request = request_of(write_file("a", 700000, 60));
    for (int i = 0; i < 3; i++) {
        request.context = &bodies[i];
        transfers[i] = start(fetch, &request);
    }
    assert_true(fetch_run(fetch, FOREVER_MS, &err));
    fetch_end(transfers[1]);
    while (!fetch_finished(transfers[0]) || !fetch_finished(transfers[2]))
        assert_true(fetch_run(fetch, FOREVER_MS, &err));
    assert_int_equal(bodies[0].size, 700000);
    assert_int_equal(bodies[1].size, 256 << 10);
    assert_int_equal(bodies[2].size, 700000);
    fetch_end(transfers[0]);
    fetch_end(transfers[2]);
    fetch_end(NULL);
    fetch_destroy(fetch);
    fetch_destroy(NULL);
}

static void urls_go_to_http(void **state)
{
    (void)state;
    struct http_request request = request_of("ftp://127.0.0.1/x");
    assert_false(get(&request, NULL));
    request = request_of("nowhere://");
    assert_false(get(&request, NULL));
}

static void a_bad_configuration_is_told(void **state)
{
    (void)state;
    const struct http_config config = {.ca_file = "/nowhere/ca.pem"};
    assert_null(fetch_create(&config, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

static void wakes(void **state)
{
    (void)state;
    struct fetch *fetch = new_fetch();
    fetch_wake(fetch);
    assert_true(fetch_run(fetch, FOREVER_MS, &err));
    fetch_destroy(fetch);
}

static void a_watched_folder_tells_of_changes(void **state)
{
    (void)state;
    struct fetch *fetch = new_fetch();
    assert_int_equal(mkdir(temp_folder_path("c"), 0700), 0);
    assert_true(fetch_watch(fetch, temp_folder_path("c/")));
    assert_false(fetch_changed(fetch));
    temp_folder_write("c/new", "x"); /* written in place, as by a file manager */
    assert_true(fetch_run(fetch, FOREVER_MS, &err));
    assert_true(fetch_changed(fetch));
    assert_false(fetch_changed(fetch));
    temp_folder_write("moved", "x");
    char to[PATH_MAX];
    snprintf(to, sizeof to, "%s", temp_folder_path("c/latest"));
    assert_int_equal(rename(temp_folder_path("moved"), to), 0);
    assert_true(fetch_watch(fetch, temp_folder_path("c"))); /* again: nothing is lost by it */
    assert_true(fetch_run(fetch, FOREVER_MS, &err));
    assert_true(fetch_changed(fetch));
    /* Reading is no change. */
    struct http_request request = request_of(to);
    assert_true(finish(fetch, start(fetch, &request), NULL));
    assert_true(fetch_run(fetch, 0, &err));
    assert_false(fetch_changed(fetch));
    fetch_destroy(fetch);
}

static void a_watched_folder_may_go_and_come(void **state)
{
    (void)state;
    struct fetch *fetch = new_fetch();
    assert_false(fetch_watch(fetch, temp_folder_path("c")));
    assert_int_equal(mkdir(temp_folder_path("c"), 0700), 0);
    assert_true(fetch_watch(fetch, temp_folder_path("c")));
    assert_int_equal(rmdir(temp_folder_path("c")), 0);
    assert_true(fetch_run(fetch, FOREVER_MS, &err));
    assert_true(fetch_changed(fetch));
    assert_false(fetch_watch(fetch, temp_folder_path("c")));
    assert_int_equal(mkdir(temp_folder_path("c"), 0700), 0);
    assert_true(fetch_watch(fetch, temp_folder_path("c")));
    assert_true(fetch_run(fetch, 0, &err));
    assert_false(fetch_changed(fetch));
    temp_folder_write("c/a", "x");
    assert_true(fetch_run(fetch, FOREVER_MS, &err));
    assert_true(fetch_changed(fetch));
    temp_folder_write("file", "x");
    assert_false(fetch_watch(fetch, temp_folder_path("file")));
    fetch_destroy(fetch);
}

static void only_the_newest_folder_is_watched(void **state)
{
    (void)state;
    struct fetch *fetch = new_fetch();
    assert_int_equal(mkdir(temp_folder_path("c"), 0700), 0);
    assert_int_equal(mkdir(temp_folder_path("d"), 0700), 0);
    assert_true(fetch_watch(fetch, temp_folder_path("c")));
    assert_true(fetch_watch(fetch, temp_folder_path("d")));
    assert_false(fetch_watch(fetch, "http://h/"));
    temp_folder_write("c/a", "x");
    assert_true(fetch_run(fetch, 0, &err));
    assert_false(fetch_changed(fetch));
    temp_folder_write("d/a", "x");
    assert_true(fetch_run(fetch, FOREVER_MS, &err));
    assert_true(fetch_changed(fetch));
    fetch_destroy(fetch);
}

#define IN_FOLDER(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, temp_folder_setup, temp_folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(gets_a_file_in_stretches),
        IN_FOLDER(a_run_moves_each_file_by_a_stretch),
        IN_FOLDER(an_empty_file_is_taken_once),
        IN_FOLDER(the_tag_answers_conditions),
        IN_FOLDER(a_file_of_just_now_has_no_tag),
        IN_FOLDER(goes_on_with_a_part),
        IN_FOLDER(a_file_that_is_too_large_is_not_read),
        IN_FOLDER(what_is_no_file_is_not_opened),
        IN_FOLDER(a_change_while_it_is_read_is_noticed),
        IN_FOLDER(a_file_that_is_replaced_is_read_to_its_end),
        IN_FOLDER(what_takes_may_refuse),
        IN_FOLDER(an_answer_may_take_so_long),
        IN_FOLDER(several_move_together_and_may_be_ended),
        IN_FOLDER(urls_go_to_http),
        cmocka_unit_test(a_bad_configuration_is_told),
        cmocka_unit_test(wakes),
        IN_FOLDER(a_watched_folder_tells_of_changes),
        IN_FOLDER(a_watched_folder_may_go_and_come),
        IN_FOLDER(only_the_newest_folder_is_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
