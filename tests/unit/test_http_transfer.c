/* What goes over the wire, with a small server of our own; tests/faults/test_feed*.py has hostile
 * ones and TLS. Over 600 lines: one list of what a transfer may meet, with one small client. */
#include "http/http.h"

#include "base/clock.h"
#include "base/hash.h"
#include "temp_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "small_server.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
#define CREATED "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

struct end {
    bool ok;
    struct err err;
    struct http_response response;
    char body[64];
    size_t body_bytes;
};

static bool take(void *context, const struct http_response *head, const void *data, size_t size,
                 struct err *err)
{
    struct end *end = context;
    (void)head, (void)err;
    for (size_t i = 0; i < size && end->body_bytes + i < sizeof end->body - 1; i++)
        end->body[end->body_bytes + i] = ((const char *)data)[i];
    end->body_bytes += size;
    return true;
}

static void finish(struct http *http, struct http_transfer *transfer, struct end *end)
{
    assert_non_null(transfer);
    while (!http_finished(transfer))
        assert_true(http_run(http, 10000, NULL));
    end->ok = http_result(transfer, &end->response, &end->err);
    http_end(transfer);
}

static const char *url_of(const struct small_server *server, const char *path)
{
    static char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", server->port, path);
    return url;
}

enum kind { GET, HEAD, PUT };

/* One request to a server with this answer. */
static struct end ask(enum kind kind, const char *answer)
{
    const struct http_body body = {.data = "hello", .bytes = 5};
    struct end end = {0};
    struct small_server server;
    small_server_start(&server, answer);
    struct http *http = http_create(NULL, NULL);
    assert_non_null(http);
    const struct http_request asked = {.url = url_of(&server, "x"),
                                       .no_cache = kind == GET,
                                       .limit_bytes = 1000000,
                                       .take = take,
                                       .context = &end};
    finish(http,
           kind == PUT    ? http_put(http, &asked, &body, NULL)
           : kind == HEAD ? http_head(http, &asked, NULL)
                          : http_get(http, &asked, NULL),
           &end);
    http_destroy(http);
    small_server_stop(&server);
    return end;
}

static void says_what_answers_mean(void **state)
{
    (void)state;
    static const struct {
        enum kind kind;
        int status;
        enum err_code code;
        const char *words;
    } cases[] = {
        {GET, 200, ERR_NONE, ""},
        {GET, 201, ERR_NETWORK, "the server answered 201"},
        {GET, 206, ERR_NETWORK, "the server sent another part than was asked for"},
        {GET, 304, ERR_NETWORK, "the server answered 304"},
        {GET, 401, ERR_TRUST, "the server refused: answered 401"},
        {GET, 403, ERR_TRUST, "the server refused: answered 403"},
        {GET, 404, ERR_MISSING, "the server answered 404"},
        {GET, 410, ERR_MISSING, "the server answered 410"},
        {GET, 503, ERR_NETWORK, "the server answered 503"},
        {HEAD, 200, ERR_NONE, ""},
        {HEAD, 204, ERR_NETWORK, "the server answered 204"},
        {HEAD, 403, ERR_TRUST, "the server refused: answered 403"},
        {HEAD, 404, ERR_MISSING, "the server answered 404"},
        {HEAD, 405, ERR_NETWORK, "the server answered 405"},
        {PUT, 200, ERR_NONE, ""},
        {PUT, 201, ERR_NONE, ""},
        {PUT, 204, ERR_NONE, ""},
        {PUT, 202, ERR_NETWORK, "the server answered 202"},
        {PUT, 304, ERR_NETWORK, "the server answered 304"},
        {PUT, 401, ERR_TRUST, "the server refused: answered 401"},
        {PUT, 403, ERR_TRUST, "the server refused: answered 403"},
        {PUT, 404, ERR_MISSING, "the server answered 404"},
        {PUT, 413, ERR_LIMIT, "too large for the server: answered 413"},
        {PUT, 507, ERR_NETWORK, "the server answered 507"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char answer[128];
        bool bare = cases[i].status == 204 || cases[i].status == 304 || cases[i].kind == HEAD;
        snprintf(answer, sizeof answer, "HTTP/1.1 %d Words\r\n%sConnection: close\r\n\r\n%s",
                 cases[i].status, bare ? "" : "Content-Length: 2\r\n", bare ? "" : "hi");
        struct end end = ask(cases[i].kind, answer);
        assert_int_equal(end.response.status, cases[i].status);
        assert_int_equal(end.err.code, cases[i].code);
        assert_string_equal(end.err.text, cases[i].words);
        assert_int_equal(end.ok, cases[i].code == ERR_NONE);
    }
}

static void a_head_tells_the_length(void **state)
{
    (void)state;
    struct end end = ask(HEAD, "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: "
                               "5000000000\r\nConnection: close\r\n\r\n");
    assert_true(end.ok);
    assert_int_equal(end.response.content_bytes, 5000000000);
    assert_string_equal(end.response.etag, "\"e\"");
    end = ask(HEAD, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    assert_true(end.ok);
    assert_int_equal(end.response.content_bytes, -1);
    end = ask(HEAD, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 50\r\n"
                    "Connection: close\r\n\r\n");
    assert_true(end.ok);
    assert_int_equal(end.response.content_bytes, -1);
}

static void what_is_compressed_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *words; /* NULL: taken */
    } cases[] = {
        {"Content-Encoding: gzip", "the answer is compressed (gzip), which was not asked for"},
        {"content-encoding:br ", "the answer is compressed (br), which was not asked for"},
        {"Content-Encoding: gzip, deflate",
         "the answer is compressed (gzip,deflate), which was not asked for"},
        {"Content-Encoding: Identity", NULL},
        {"Content-Encoding:", NULL},
        {"X-Content-Encoding: gzip", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char answer[256];
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 200 OK\r\n%s\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
                 cases[i].header);
        struct end end = ask(GET, answer);
        assert_int_equal(end.err.code, cases[i].words ? ERR_NETWORK : ERR_NONE);
        assert_string_equal(end.err.text, cases[i].words ? cases[i].words : "");
        assert_string_equal(end.body, cases[i].words ? "" : "hi");
    }
}

/* libcurl undoes this one unasked, or, newer ones, refuses it. */
static void a_compressed_transfer_is_refused(void **state)
{
    (void)state;
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n"
        "2\r\nhi\r\n0\r\n\r\n";
    struct end end = ask(GET, answer);
    assert_int_equal(end.err.code, ERR_NETWORK);
    assert_non_null(strstr(end.err.text, "the answer is compressed"));
    assert_int_equal(end.body_bytes, 0);
}

static void asks_caches_to_ask(void **state)
{
    (void)state;
    struct small_server server;
    small_server_start(&server, OK_ANSWER);
    struct http *http = http_create(NULL, NULL);
    for (int round = 0; round < 2; round++) {
        struct end end = {0};
        const struct http_request request = {.url = url_of(&server, "x"),
                                             .no_cache = round == 1,
                                             .limit_bytes = 2,
                                             .take = take,
                                             .context = &end};
        finish(http, http_get(http, &request, NULL), &end);
        assert_true(end.ok);
        bool asked = strstr(server.request, "\r\nCache-Control: no-cache\r\n") != NULL;
        assert_int_equal(asked, round == 1);
        assert_null(strcasestr(server.request, "Accept-Encoding"));
    }
    http_destroy(http);
    small_server_stop(&server);
}

struct pieces {
    int64_t bytes;
    struct hash *hash;
    int64_t refuse_from;
};

static bool pass(void *context, int64_t offset, const void *data, size_t size, struct err *err)
{
    struct pieces *pieces = context;
    if (offset == 0)
        pieces->bytes = 0;
    assert_int_equal(offset, pieces->bytes);
    assert_true(size > 0);
    pieces->bytes += (int64_t)size;
    assert_true(hash_add(pieces->hash, data, size));
    if (pieces->refuse_from && pieces->bytes >= pieces->refuse_from)
        return err_set(err, ERR_INPUT, "not these bytes");
    return true;
}

static struct end put_body(struct small_server *server, struct http_body *body)
{
    struct end end = {0};
    struct http *http = http_create(NULL, NULL);
    assert_non_null(http);
    const struct http_request request = {.url = url_of(server, "x")};
    finish(http, http_put(http, &request, body, NULL), &end);
    http_destroy(http);
    return end;
}

static void puts_bytes(void **state)
{
    (void)state;
    struct small_server server;
    small_server_start(&server, CREATED);
    struct http_body body = {
        .data = "hello", .bytes = 5, .content_type = "text/plain", .cache_control = "no-cache"};
    assert_true(put_body(&server, &body).ok);
    assert_int_equal(strncmp(server.request, "PUT /x HTTP/1.1\r\n", 17), 0);
    assert_non_null(strstr(server.request, "\r\nContent-Type: text/plain\r\n"));
    assert_non_null(strstr(server.request, "\r\nCache-Control: no-cache\r\n"));
    assert_string_equal(server.request + server.body_at, "hello");
    body = (struct http_body){.data = "", .bytes = 0};
    assert_true(put_body(&server, &body).ok);
    assert_int_equal(server.body_bytes, 0);
    small_server_stop(&server);
}

/* Some pieces of a file: enough for several buffers and for "Expect: 100-continue". */
static int big_file(int64_t bytes, uint8_t digest[HASH_BYTES])
{
    int fd = open(temp_folder_path("big"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct hash *hash = hash_create();
    assert_true(fd >= 0);
    for (int64_t at = 0; at < bytes; at += 8) {
        uint64_t value = (uint64_t)at * 0x9e3779b97f4a7c15u;
        assert_int_equal(pwrite(fd, &value, 8, at), 8);
        assert_true(hash_add(hash, &value, 8));
    }
    assert_true(hash_result(hash, digest));
    hash_destroy(hash);
    return fd;
}

static void puts_a_file_and_shows_each_piece(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES], passed[HASH_BYTES], arrived[HASH_BYTES];
    int fd = big_file(3000000, digest);
    struct small_server server;
    small_server_start(&server, CREATED);
    struct pieces pieces = {.hash = hash_create()};
    struct http_body body = {.fd = fd, .bytes = 3000000, .pass = pass, .context = &pieces};
    assert_true(put_body(&server, &body).ok);
    assert_int_equal(pieces.bytes, 3000000);
    assert_int_equal(server.body_bytes, 3000000);
    assert_true(hash_result(pieces.hash, passed));
    assert_true(hash_bytes(server.request + server.body_at, server.body_bytes, arrived));
    assert_memory_equal(passed, digest, HASH_BYTES);
    assert_memory_equal(arrived, digest, HASH_BYTES);
    hash_destroy(pieces.hash);
    small_server_stop(&server);
    close(fd);
}

static void a_refused_piece_keeps_the_body_from_being_whole(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    int fd = big_file(400000, digest);
    struct small_server server;
    small_server_start(&server, CREATED);
    struct pieces pieces = {.hash = hash_create(), .refuse_from = 400000};
    struct http_body body = {.fd = fd, .bytes = 400000, .pass = pass, .context = &pieces};
    struct end end = put_body(&server, &body);
    assert_false(end.ok);
    assert_int_equal(end.err.code, ERR_INPUT);
    assert_string_equal(end.err.text, "not these bytes");
    hash_destroy(pieces.hash);
    small_server_stop(&server);
    assert_int_equal(server.requests, 0);
    close(fd);
}

static void a_file_that_is_too_short(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    int fd = big_file(400000, digest);
    struct small_server server;
    small_server_start(&server, CREATED);
    struct http_body body = {.fd = fd, .bytes = 400001};
    struct end end = put_body(&server, &body);
    assert_int_equal(end.err.code, ERR_INPUT);
    assert_string_equal(end.err.text, "the file became shorter");
    small_server_stop(&server);
    assert_int_equal(server.requests, 0);
    close(fd);
}

/* A captive portal says yes to all. */
static void an_answer_before_the_body_is_no_success(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    int fd = big_file(8000000, digest);
    struct small_server server;
    small_server_start(&server, CREATED);
    server.deaf = true;
    struct http_body body = {.fd = fd, .bytes = 8000000};
    struct end end = put_body(&server, &body);
    assert_false(end.ok);
    assert_int_equal(end.err.code, ERR_NETWORK);
    small_server_stop(&server);
    close(fd);
}

static void an_upload_that_stalls_is_ended(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    struct end end = {0};
    struct small_server server;
    small_server_start(&server, "HTTP/1.1 100 Continue\r\n\r\n");
    server.deaf = server.hangs = true;
    /* More than the kernel's buffers take; a limit that the mean of the last seconds is soon
     * under. */
    int fd = big_file(16000000, digest);
    const struct http_config config = {.stall_ms = 1000, .stall_bytes_per_s = 1000000000};
    struct http *http = http_create(&config, NULL);
    const struct http_body body = {.fd = fd, .bytes = 16000000};
    const struct http_request request = {.url = url_of(&server, "x")};
    finish(http, http_put(http, &request, &body, NULL), &end);
    assert_int_equal(end.err.code, ERR_TIMEOUT);
    assert_string_equal(end.err.text, "stalled: slower than 1000000000 bytes/s for 1 s");
    http_destroy(http);
    small_server_stop(&server);
    close(fd);
}

static void a_put_follows_no_redirect(void **state)
{
    (void)state;
    struct small_server server;
    small_server_start(&server, "HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:%d/y\r\n"
                                "Content-Length: 0\r\nConnection: close\r\n\r\n");
    struct http_body body = {.data = "hello", .bytes = 5};
    struct end end = put_body(&server, &body);
    assert_string_equal(end.err.text, "the server answered 307, a redirect that is not followed");
    assert_int_equal(end.err.code, ERR_NETWORK);
    small_server_stop(&server);
    assert_int_equal(server.requests, 1);
}

/* `to`: an address; the port of another server follows it. */
static struct end redirected(const char *to, int *requests)
{
    struct end end = {0};
    struct small_server first, second;
    char answer[256];
    small_server_start(&second, OK_ANSWER);
    snprintf(answer, sizeof answer,
             "HTTP/1.1 302 Elsewhere\r\nLocation: http://%s:%d/y\r\nContent-Length: 0\r\n"
             "Connection: close\r\n\r\n",
             to, second.port);
    small_server_start(&first, answer);
    struct http *http = http_create(NULL, NULL);
    const struct http_request request = {
        .url = url_of(&first, "x"), .limit_bytes = 2, .take = take, .context = &end};
    finish(http, http_get(http, &request, NULL), &end);
    http_destroy(http);
    small_server_stop(&first);
    small_server_stop(&second);
    assert_int_equal(first.requests, 1);
    *requests = second.requests;
    return end;
}

static void no_redirect_leads_to_this_machine(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.1",  "localhost",  "0.0.0.0",
                                            "127.1",      "2130706433", "[::ffff:127.0.0.1]",
                                            "x.localhost"};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        int requests;
        struct end end = redirected(addresses[i], &requests);
        assert_false(end.ok);
        assert_int_equal(end.err.code, ERR_NETWORK);
        assert_string_equal(end.err.text, "redirected to this machine");
        assert_int_equal(requests, 0);
        assert_int_equal(end.body_bytes, 0);
    }
}

static void a_redirect_within_the_first_server_is_followed(void **state)
{
    (void)state;
    struct end end = {0};
    struct small_server server;
    small_server_start(&server, "HTTP/1.1 302 Here\r\nLocation: http://127.0.0.1:%d/x\r\n"
                                "Content-Length: 0\r\nConnection: close\r\n\r\n");
    struct http *http = http_create(NULL, NULL);
    const struct http_request request = {
        .url = url_of(&server, "x"), .limit_bytes = 2, .take = take, .context = &end};
    finish(http, http_get(http, &request, NULL), &end);
    assert_string_equal(end.err.text, "more than 3 redirects");
    http_destroy(http);
    small_server_stop(&server);
    assert_int_equal(server.requests, 4);
}

static void get_from(const char *answer, struct end *end)
{
    struct small_server server;
    small_server_start(&server, answer);
    struct http *http = http_create(NULL, NULL);
    const struct http_request request = {
        .url = url_of(&server, "x"), .limit_bytes = 2, .take = take, .context = end};
    finish(http, http_get(http, &request, NULL), end);
    http_destroy(http);
    small_server_stop(&server);
}

/* libcurl has several codes for it, by how much has come and by its version. */
static void what_is_not_http_is_told_as_that(void **state)
{
    (void)state;
    static const char *const answers[] = {"x", "\x01\x02\x03\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
                                          "220 mail.example ESMTP ready, and more\r\n",
                                          "<html><body>an answer of HTTP/0.9</body></html>"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct end end = {0};
        get_from(answers[i], &end);
        assert_false(end.ok);
        assert_int_equal(end.err.code, ERR_NETWORK);
        assert_string_equal(end.err.text, "the answer is not HTTP: is the address a web server's?");
        assert_int_equal(end.body_bytes, 0);
    }
    struct end end = {0};
    get_from("HTTP/1.1 302 There\r\nLocation: ftp://x/\r\nContent-Length: 0\r\n\r\n", &end);
    assert_string_equal(end.err.text, "redirected to an address that is not allowed");
}

static void waits_for_a_watched_descriptor_too(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct http *http = http_create(NULL, NULL);
    http_set_watch(http, ends[0]);
    assert_int_equal(write(ends[1], "x", 1), 1);
    /* Would run into the test runner's limit if it slept. */
    assert_true(http_run(http, 3600000, NULL));
    http_set_watch(http, -1);
    int64_t start_ns = clock_mono_ns();
    assert_true(http_run(http, 100, NULL));
    assert_true(clock_mono_ns() - start_ns >= 90000000);
    http_destroy(http);
    close(ends[0]);
    close(ends[1]);
}

/* Four at a time, under a cap at which each is far slower than what counts as a stall. */
static void a_cap_holds_for_all_together_and_stalls_nobody(void **state)
{
    (void)state;
    struct small_server server;
    small_server_start(&server, "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n"
                                "Connection: close\r\n\r\n");
    server.zeros = 60000;
    _Atomic int64_t cap = 80000;
    const struct http_config config = {
        .stall_ms = 1000, .stall_bytes_per_s = 1000000, .bandwidth_bytes_per_s = &cap};
    struct http *http = http_create(&config, NULL);
    struct end ends[4] = {0};
    struct http_transfer *transfers[4];
    int64_t start_ns = clock_mono_ns();
    for (int i = 0; i < 4; i++) {
        const struct http_request request = {.url = url_of(&server, "x"),
                                             .capped = true,
                                             .limit_bytes = 60000,
                                             .take = take,
                                             .context = &ends[i]};
        transfers[i] = http_get(http, &request, NULL);
    }
    for (int i = 0; i < 4; i++) {
        finish(http, transfers[i], &ends[i]);
        assert_string_equal(ends[i].err.text, "");
        assert_int_equal(ends[i].body_bytes, 60000);
    }
    /* 240,000 bytes at 80,000 a second, less what may be saved up. */
    assert_true(clock_mono_ns() - start_ns > 2500000000);
    http_destroy(http);
    small_server_stop(&server);
}

/* One capped GET from a server that sends so many zeros of 200,000. */
static struct end get_capped(size_t zeros, bool hangs, const struct http_config *config,
                             bool (*taker)(void *, const struct http_response *, const void *,
                                           size_t, struct err *))
{
    struct end end = {0};
    struct small_server server;
    small_server_start(&server, "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n"
                                "Connection: close\r\n\r\n");
    server.zeros = zeros;
    server.hangs = hangs;
    struct http *http = http_create(config, NULL);
    const struct http_request request = {.url = url_of(&server, "x"),
                                         .capped = true,
                                         .limit_bytes = 200000,
                                         .take = taker,
                                         .context = &end};
    finish(http, http_get(http, &request, NULL), &end);
    http_destroy(http);
    small_server_stop(&server);
    return end;
}

static void a_stall_is_seen_under_a_cap_too(void **state)
{
    (void)state;
    _Atomic int64_t cap = 100000;
    const struct http_config config = {
        .stall_ms = 1000, .stall_bytes_per_s = 1000000, .bandwidth_bytes_per_s = &cap};
    struct end end = get_capped(3000, true, &config, take);
    assert_int_equal(end.err.code, ERR_TIMEOUT);
    assert_string_equal(end.err.text, "stalled: far under its share of the bandwidth for 1 s");
    assert_int_equal(end.body_bytes, 3000);
}

static bool take_half(void *context, const struct http_response *head, const void *data,
                      size_t size, struct err *err)
{
    struct end *end = context;
    take(context, head, data, size, err);
    return end->body_bytes < 100000 || err_set(err, ERR_DISK, "no more");
}

/* libcurl hands over what was held back by a pause in a place of its own. */
static void what_is_refused_after_a_pause_ends_the_transfer(void **state)
{
    (void)state;
    _Atomic int64_t cap = 100000;
    const struct http_config config = {.bandwidth_bytes_per_s = &cap};
    struct end end = get_capped(200000, false, &config, take_half);
    assert_false(end.ok);
    assert_int_equal(end.err.code, ERR_DISK);
    assert_string_equal(end.err.text, "no more");
    assert_in_range(end.body_bytes, 100000, 110000);
}

/* The cap, from the first bytes on. */
static _Atomic int64_t changing_cap;
static int64_t cap_afterwards;

static bool take_and_change_the_cap(void *context, const struct http_response *head,
                                    const void *data, size_t size, struct err *err)
{
    changing_cap = cap_afterwards;
    return take(context, head, data, size, err);
}

static void a_cap_that_changes_holds_for_what_is_on_its_way(void **state)
{
    (void)state;
    const struct http_config config = {
        .stall_ms = 1000, .stall_bytes_per_s = 1000000, .bandwidth_bytes_per_s = &changing_cap};
    /* It would take minutes by the first cap, and no time by the second; and the other way round,
     * but for one buffer. */
    static const struct {
        int64_t first, then, least_ns;
    } caps[] = {
        {1000, 0, 0}, {1000, 50000000, 0}, {0, 100000, 1000000000}, {50000000, 100000, 1000000000}};
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        changing_cap = caps[i].first;
        cap_afterwards = caps[i].then;
        int64_t start_ns = clock_mono_ns();
        struct end end = get_capped(200000, false, &config, take_and_change_the_cap);
        assert_string_equal(end.err.text, "");
        assert_int_equal(end.body_bytes, 200000);
        assert_true(clock_mono_ns() - start_ns >= caps[i].least_ns);
        if (caps[i].first == 1000)
            assert_true(clock_mono_ns() - start_ns < INT64_C(100000000000));
    }
}

static void what_is_not_capped_runs_free(void **state)
{
    (void)state;
    struct small_server server;
    small_server_start(&server, "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n"
                                "Connection: close\r\n\r\n");
    server.zeros = 300000;
    /* It would take 5 minutes, and be ended as too slow. */
    _Atomic int64_t cap = 1000;
    const struct http_config config = {.bandwidth_bytes_per_s = &cap};
    struct http *http = http_create(&config, NULL);
    struct end end = {0};
    const struct http_request request = {.url = url_of(&server, "x"),
                                         .limit_bytes = 300000,
                                         .total_ms = 60000,
                                         .take = take,
                                         .context = &end};
    finish(http, http_get(http, &request, NULL), &end);
    assert_string_equal(end.err.text, "");
    assert_int_equal(end.body_bytes, 300000);
    http_destroy(http);
    small_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_answers_mean),
        cmocka_unit_test(a_head_tells_the_length),
        cmocka_unit_test(what_is_compressed_is_refused),
        cmocka_unit_test(a_compressed_transfer_is_refused),
        cmocka_unit_test(asks_caches_to_ask),
        cmocka_unit_test(puts_bytes),
        cmocka_unit_test(puts_a_file_and_shows_each_piece),
        cmocka_unit_test(a_refused_piece_keeps_the_body_from_being_whole),
        cmocka_unit_test(a_file_that_is_too_short),
        cmocka_unit_test(an_answer_before_the_body_is_no_success),
        cmocka_unit_test(an_upload_that_stalls_is_ended),
        cmocka_unit_test(a_put_follows_no_redirect),
        cmocka_unit_test(no_redirect_leads_to_this_machine),
        cmocka_unit_test(a_redirect_within_the_first_server_is_followed),
        cmocka_unit_test(what_is_not_http_is_told_as_that),
        cmocka_unit_test(waits_for_a_watched_descriptor_too),
        cmocka_unit_test(a_cap_holds_for_all_together_and_stalls_nobody),
        cmocka_unit_test(a_stall_is_seen_under_a_cap_too),
        cmocka_unit_test(what_is_refused_after_a_pause_ends_the_transfer),
        cmocka_unit_test(a_cap_that_changes_holds_for_what_is_on_its_way),
        cmocka_unit_test(what_is_not_capped_runs_free),
    };
    /* The tests' servers are on this machine: no proxy must come between. */
    setenv("no_proxy", "*", 1);
    return cmocka_run_group_tests(tests, temp_folder_setup, temp_folder_teardown);
}
