#include "sync/fetch.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/stat.h>
#include <string.h>
#include <cmocka.h>

#include "temp_folder.h"

static struct err err;

static void cleans_bases(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://h/channels/a b/", "http://h/channels/a%20b/"},
        {"HTTPS://h", "https://h/"},
        {"/mnt/usb", "/mnt/usb/"},
        {"/mnt/usb///", "/mnt/usb/"},
        {"/mnt/usb stick/채널/", "/mnt/usb stick/채널/"},
        {"/", "/"},
        {"///", "/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *base = fetch_base_clean(cases[i][0], &err);
        assert_non_null(base);
        assert_string_equal(base, cases[i][1]);
        free(base);
    }
}

static void a_relative_base_is_made_absolute(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"usb", "usb/"}, {"./usb/", "usb/"}, {".//a/b", "a/b/"}, {".", ""},
        {"./", ""},      {"..", "../"},      {".usb", ".usb/"},  {"a:b", "a:b/"}};
    char before[PATH_MAX], wanted[PATH_MAX];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(temp_folder), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *base = fetch_base_clean(cases[i][0], &err);
        snprintf(wanted, sizeof wanted, "%s", temp_folder_path(cases[i][1]));
        assert_non_null(base);
        assert_string_equal(base, wanted);
        free(base);
    }
    assert_int_equal(chdir("/"), 0);
    char *base = fetch_base_clean("usb", &err);
    assert_string_equal(base, "/usb/");
    free(base);
    assert_int_equal(chdir(before), 0);
}

static void refuses_what_is_no_base(void **state)
{
    (void)state;
    static char longest[PATH_MAX + 10];
    memset(longest, 'a', sizeof longest - 1);
    const char *const cases[] = {"",        "ftp://h/", "file:///mnt/usb",  "s3://b/c",
                                 "http://", "http:///", "https://h:99999/", longest};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        err = (struct err){0};
        assert_null(fetch_base_clean(cases[i], &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_true(err.text[0]);
    }
}

static void resolves_in_a_folder(void **state)
{
    (void)state;
    static const struct {
        const char *base, *reference;
        bool plain;
        const char *location;
    } cases[] = {
        {"/u/c/", "latest.minisig", false, "/u/c/latest.minisig"},
        {"/u/c/p-43.json", "../../media/a.jpg", false, "/u/c/../../media/a.jpg"},
        {"/u/c/p.json", "b%20c.jpg", false, "/u/c/b c.jpg"},
        {"/u/c/p.json", "%EC%9E%91.jpg?v=1#x", false, "/u/c/작.jpg"},
        {"/u/c/p.json", "b%20c?.jpg", true, "/u/c/b%20c?.jpg"},
        {"/u/c/p.json", "a:b.jpg", true, "/u/c/a:b.jpg"},
        {"/u/c/p.json", "m/a:b.jpg", false, "/u/c/m/a:b.jpg"},
        {"/", "a.jpg", false, "/a.jpg"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *location = fetch_resolve(cases[i].base, cases[i].reference, cases[i].plain, &err);
        assert_non_null(location);
        assert_string_equal(location, cases[i].location);
        free(location);
    }
}

static void a_reference_does_not_leave_a_folder(void **state)
{
    (void)state;
    static char longest[PATH_MAX + 10];
    memset(longest, 'a', sizeof longest - 1);
    const struct {
        const char *reference;
        bool plain;
        enum err_code code;
    } cases[] = {
        {"http://h/a.jpg", false, ERR_TRUST},
        {"file:///etc/passwd", false, ERR_TRUST},
        {"//h/a.jpg", false, ERR_TRUST},
        {"/etc/passwd", false, ERR_TRUST},
        {"/etc/passwd", true, ERR_TRUST},
        {"a%2Fb.jpg", false, ERR_INPUT},
        {"%2e%2e%2fetc", false, ERR_INPUT},
        {"a%00.jpg", false, ERR_INPUT},
        {"a%0", false, ERR_INPUT},
        {"a%", false, ERR_INPUT},
        {"a%gg", false, ERR_INPUT},
        {"?v=1", false, ERR_INPUT},
        {"", false, ERR_INPUT},
        {"", true, ERR_INPUT},
        {longest, true, ERR_INPUT},
        {longest, false, ERR_INPUT},
        {longest + 12, true, ERR_INPUT}, /* fits alone, not with its folder */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        err = (struct err){0};
        assert_null(fetch_resolve("/u/c/p.json", cases[i].reference, cases[i].plain, &err));
        assert_int_equal(err.code, cases[i].code);
        assert_true(err.text[0]);
    }
}

static void resolves_urls_as_http_does(void **state)
{
    (void)state;
    char *url = fetch_resolve("https://h/c/p.json", "../m/a%20b?x", false, &err);
    assert_string_equal(url, "https://h/m/a%20b?x");
    free(url);
    url = fetch_resolve("https://h/c/p.json", "a?b.jpg", true, &err);
    assert_string_equal(url, "https://h/c/a%3Fb.jpg");
    free(url);
    assert_null(fetch_resolve("https://h/c/", "http://h/a", false, &err));
    assert_int_equal(err.code, ERR_TRUST);
    assert_null(fetch_resolve("http://h/c/", "file:///etc/passwd", false, &err));
}

static void shows_no_secret(void **state)
{
    (void)state;
    char text[64], small[6];
    fetch_public("https://u:secret@h/a?token=secret", text, sizeof text);
    assert_string_equal(text, "https://h/a");
    fetch_public("/mnt/usb?/x", text, sizeof text);
    assert_string_equal(text, "/mnt/usb?/x");
    fetch_public("usb/channels/seoul/", text, sizeof text);
    assert_string_equal(text, "usb/channels/seoul/");
    fetch_public("u:secret@h/a", text, sizeof text);
    assert_null(strstr(text, "secret"));
    fetch_public("/mnt/usb", small, sizeof small);
    assert_string_equal(small, "/mnt/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleans_bases),
        cmocka_unit_test_setup_teardown(a_relative_base_is_made_absolute, temp_folder_setup,
                                        temp_folder_teardown),
        cmocka_unit_test(refuses_what_is_no_base),
        cmocka_unit_test(resolves_in_a_folder),
        cmocka_unit_test(a_reference_does_not_leave_a_folder),
        cmocka_unit_test(resolves_urls_as_http_does),
        cmocka_unit_test(shows_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
