/* What needs no server; tests/faults/test_feed.py has the rest. */
#include "http/http.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static void knows_a_url(void **state)
{
    (void)state;
    assert_true(http_is_url("http://h/x"));
    assert_true(http_is_url("HTTPS://h"));
    assert_false(http_is_url("ftp://h/x"));
    assert_false(http_is_url("http:/h"));
    assert_false(http_is_url("/var/http://x"));
    assert_false(http_is_url(""));
}

static void cleans(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://h/p.json", "http://h/p.json"},
        {"HTTP://h/a/../p.json#part", "http://h/p.json"},
        {"http://h/a b/작은.json", "http://h/a%20b/%ec%9e%91%ec%9d%80.json"},
        {"https://u:p@h:8443/p.json?v=1", "https://u:p@h:8443/p.json?v=1"},
        {"http://h", "http://h/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        char *url = http_url_clean(cases[i][0], &err);
        assert_non_null(url);
        assert_string_equal(url, cases[i][1]);
        free(url);
    }
}

static void refuses_what_is_no_http(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",        "p.json",          "file:///etc/passwd", "ftp://h/x",
        "http://", "http://h:99999/", "http://h/\n",        "gopher://h/"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        assert_null(http_url_clean(cases[i], &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_true(err.text[0]);
    }
}

/* RFC 3986, 5.4, as far as it is http. */
static void resolves_references(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"g?y", "http://a/b/c/g?y"},
        {"../g", "http://a/b/g"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"https://o/x?y", "https://o/x?y"},
        {"g;x=1/../y", "http://a/b/c/y"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        char *url = http_url_resolve("http://a/b/c/d;p?q", cases[i][0], &err);
        assert_non_null(url);
        assert_string_equal(url, cases[i][1]);
        free(url);
    }
}

static void a_path_is_no_syntax(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a.jpg", "https://h/d/a.jpg"},          {"../m/a b.jpg", "https://h/m/a%20b.jpg"},
        {"100%.jpg", "https://h/d/100%25.jpg"},  {"what?.jpg", "https://h/d/what%3F.jpg"},
        {"no#1.jpg", "https://h/d/no%231.jpg"},  {"http:x.jpg", "https://h/d/http%3Ax.jpg"},
        {"好.jpg", "https://h/d/%E5%A5%BD.jpg"}, {"a\\b.jpg", "https://h/d/a%5Cb.jpg"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        char *url = http_url_resolve_path("https://h/d/p.json?token=t", cases[i][0], &err);
        assert_non_null(url);
        assert_string_equal(url, cases[i][1]);
        free(url);
    }
}

static void never_leads_out_of_https(void **state)
{
    (void)state;
    struct err err = {0};
    assert_null(http_url_resolve("https://h/p.json", "http://h/a.jpg", &err));
    assert_int_equal(err.code, ERR_TRUST);
    assert_null(http_url_resolve("http://h/p.json", "file:///etc/passwd", &err));
    assert_int_equal(err.code, ERR_INPUT);
}

static void credentials_stay_with_the_host(void **state)
{
    (void)state;
    char *same = http_url_resolve("http://u:p@h/p.json", "a.jpg", NULL);
    char *other = http_url_resolve("http://u:p@h/p.json", "http://o/a.jpg", NULL);
    assert_string_equal(same, "http://u:p@h/a.jpg");
    assert_string_equal(other, "http://o/a.jpg");
    free(same);
    free(other);
}

static void shows_no_secret(void **state)
{
    (void)state;
    char text[64];
    http_url_public("https://user:secret@h:8443/a/p.json?token=t#f", text, sizeof text);
    assert_string_equal(text, "https://h:8443/a/p.json");
    http_url_public("user:secret@", text, sizeof text);
    assert_null(strstr(text, "secret"));
    char small[8];
    http_url_public("https://h/p.json", small, sizeof small);
    assert_string_equal(small, "https:/");
}

static bool take_none(void *context, const struct http_response *head, const void *data,
                      size_t size, struct err *err)
{
    (void)context, (void)head, (void)data, (void)size, (void)err;
    fail();
    return false;
}

/* A port that nothing listens on: bound, so that nobody else gets it either. */
static int take_port(int *socket_fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    *socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*socket_fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(*socket_fd, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.sin_port);
}

static void a_dead_server_is_an_error_with_stable_words(void **state)
{
    (void)state;
    int fd;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/x", take_port(&fd));
    struct http *http = http_create(NULL, NULL);
    assert_non_null(http);
    for (int round = 0; round < 3; round++) {
        const struct http_request request = {.url = url, .limit_bytes = 1, .take = take_none};
        struct err err = {0};
        struct http_response response;
        struct http_transfer *transfer = http_get(http, &request, &err);
        assert_non_null(transfer);
        while (!http_finished(transfer))
            assert_true(http_run(http, 1000, &err));
        assert_false(http_result(transfer, &response, &err));
        assert_int_equal(err.code, ERR_NETWORK);
        assert_int_equal(response.status, 0);
        assert_string_equal(err.text,
                            "cannot connect: refused, nothing listens at that address and port");
        http_end(transfer);
    }
    http_destroy(http);
    close(fd);
}

static void wakes(void **state)
{
    (void)state;
    struct err err = {0};
    struct http *http = http_create(NULL, &err);
    assert_non_null(http);
    http_wake(http);
    /* Would run into the test runner's limit if it slept. */
    assert_true(http_run(http, 3600000, &err));
    http_destroy(http);
}

static void a_ca_file_must_be_there(void **state)
{
    (void)state;
    struct err err = {0};
    const struct http_config config = {.ca_file = "/nowhere/ca.pem"};
    assert_null(http_create(&config, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.text, "/nowhere/ca.pem"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_a_url),
        cmocka_unit_test(cleans),
        cmocka_unit_test(refuses_what_is_no_http),
        cmocka_unit_test(resolves_references),
        cmocka_unit_test(a_path_is_no_syntax),
        cmocka_unit_test(never_leads_out_of_https),
        cmocka_unit_test(credentials_stay_with_the_host),
        cmocka_unit_test(shows_no_secret),
        cmocka_unit_test(a_dead_server_is_an_error_with_stable_words),
        cmocka_unit_test(wakes),
        cmocka_unit_test(a_ca_file_must_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
