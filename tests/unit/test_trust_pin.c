#include "sync/trust.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "temp_folder.h"

/* Made by minisign 0.11 with keys that were thrown away. */
#define PUBLIC "RWS98E39A6WK+Jcme3By+UvLxxLTKt6Tp5YCkaHmXtoyqbMxk0OOw0nr"
#define PUBLIC_FILE "untrusted comment: minisign public key F88AA503FD4DF0BD\n" PUBLIC "\n"
#define OTHER_PUBLIC "RWT8Y8yQQemHNzkbPy77cOzNppcNDEoaKYYzaE9Bu9TEkIFb1bAXWXKs"
#define SECRET                                                                                     \
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAvfBN/"                \
    "QOlivircS834Qb1+AD8"                                                                          \
    "h8jbr0zWgqA5v6X8sJMmdtjRZMWITJcme3By+"                                                        \
    "UvLxxLTKt6Tp5YCkaHmXtoyqbMxk0OOw0nrAAAAAAAAAAAAAAAAAAAAAAAA"                                  \
    "AAAAAAAAAAAAAAAAAAA="
#define SECRET_FILE "untrusted comment: minisign encrypted secret key\n" SECRET "\n"

static struct err err;

static void pins_files_and_lines(void **state)
{
    (void)state;
    struct trust *trust = trust_create();
    static const char *const files[] = {
        PUBLIC_FILE,
        "untrusted comment: minisign public key F88AA503FD4DF0BD\r\n" PUBLIC "\r\n",
        "untrusted comment: \n" PUBLIC,
        "untrusted comment: ours\n" PUBLIC "\n\n\r\n",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        temp_folder_write("key.pub", files[i]);
        if (!trust_pin(trust, temp_folder_path("key.pub"), &err))
            fail_msg("%zu: %s", i, err.text);
        assert_int_equal(trust_count(trust), 1);
    }
    assert_true(trust_pin(trust, PUBLIC, &err));
    assert_int_equal(trust_count(trust), 1);
    assert_true(trust_pin(trust, OTHER_PUBLIC, &err));
    assert_int_equal(trust_count(trust), 2);
    char id[17];
    trust_key_id(trust, 0, id);
    assert_string_equal(id, "F88AA503FD4DF0BD");
    trust_key_id(trust, 1, id);
    assert_string_equal(id, "3787E94190CC63FC");
    trust_destroy(trust);
}

static void refuse_pin(const char *key, enum err_code code)
{
    struct trust *trust = trust_create();
    err = (struct err){0};
    if (trust_pin(trust, key, &err) || trust_count(trust) != 0)
        fail_msg("pinned: %s", key);
    if (err.code != code)
        fail_msg("%d, not %d: %s", err.code, code, err.text);
    trust_destroy(trust);
}

static void refuses_what_is_no_key(void **state)
{
    (void)state;
    static const char *const files[] = {
        "",
        "\n",
        PUBLIC "\n",
        "untrusted comment: x",
        "untrusted comment: x\n",
        "untrusted comment: x\n\n",
        "comment: x\n" PUBLIC "\n",
        "untrusted comment: x\n\n" PUBLIC "\n",
        "untrusted comment: x\n" PUBLIC "\n" OTHER_PUBLIC "\n",
        "untrusted comment: x\n" PUBLIC "=\n",
        "untrusted comment: x\n" PUBLIC "AAAA\n",
        "untrusted comment: x\n " PUBLIC "\n",
        "untrusted comment: x\nRWS98E39A6WK+Jcme3By+UvLxxLTKt6Tp5YCkaHmXtoyqbMxk0OOw0n\n",
        "untrusted comment: x\nRUS98E39A6WK+Jcme3By+UvLxxLTKt6Tp5YCkaHmXtoyqbMxk0OOw0nr\n",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJcme3By+UvLxxLTKt6Tp5YCkaHmXtoyqbMxk0OOw0nr me\n",
        "untrusted comment: signature from minisign secret key\n"
        "RUS98E39A6WK+FXiWdDZRShUeAvjeITDwsB7RHaHohWuCr9IIgge8YgC7/7nCF+PiiJozZnDceTrG/"
        "NvTHoWWnYKOdqg"
        "8bi7/wU=\n",
    };
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", temp_folder_path("wrong.pub"));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        temp_folder_write("wrong.pub", files[i]);
        refuse_pin(path, ERR_INPUT);
        assert_non_null(strstr(err.text, path));
    }
    char *large = calloc(1, 5001);
    memset(large, 'x', 5000);
    temp_folder_write("wrong.pub", large);
    free(large);
    refuse_pin(path, ERR_LIMIT);
    refuse_pin("", ERR_MISSING);
    refuse_pin(temp_folder, ERR_INPUT);
    refuse_pin(temp_folder_path("none.pub"), ERR_MISSING);
    assert_non_null(strstr(err.text, "none.pub"));
    refuse_pin("RUS98E39A6WK+Jcme3By+UvLxxLTKt6Tp5YCkaHmXtoyqbMxk0OOw0nr", ERR_MISSING);
}

static void nothing_of_a_secret_is_told(const char *secret)
{
    for (size_t i = 0; i + 12 <= strlen(secret); i++) {
        char part[13];
        snprintf(part, sizeof part, "%s", secret + i);
        if (strstr(err.text, part))
            fail_msg("tells a secret: %s", err.text);
    }
}

static void a_secret_key_is_named_and_not_told(void **state)
{
    (void)state;
    static const char with_password[] =
        "RWRTY0IyQvJIS7Vd0eN0f6Dx8Wm0pJm3JpI2Z6sQkqyoBUGgB1wAAAACAA";
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", temp_folder_path("operator.key"));
    temp_folder_write("operator.key", SECRET_FILE);
    refuse_pin(path, ERR_INPUT);
    assert_non_null(strstr(err.text, "secret key"));
    nothing_of_a_secret_is_told(SECRET);
    static const char *const mistakes[] = {
        SECRET, SECRET_FILE, with_password,
        "untrusted comment: minisign encrypted secret key RWRTY0IyQvJIS7Vd0eN0f6Dx8Wm0pJm3J"};
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        refuse_pin(mistakes[i], ERR_INPUT);
        assert_non_null(strstr(err.text, "secret key"));
        nothing_of_a_secret_is_told(SECRET);
        nothing_of_a_secret_is_told(with_password);
    }
    /* Cut off at its beginning it can't be known for one, but is not told either. */
    static const char part[] = "AAAAvfBN/QOlivircS834Qb1+AD8h8jbr0zWgqA5v6X8sJMmdtjRZMWITJcme3By"
                               "+UvLxxLTKt6Tp5YCkaHmXtoyqbMxk0OOw0nrAAAAAAAAAAAA==";
    struct trust *trust = trust_create();
    assert_false(trust_pin(trust, part, &err));
    nothing_of_a_secret_is_told(part);
    trust_destroy(trust);
}

/* Points whose multiples are few: the zero signature would sign anything. */
static void weak_keys_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t first, middle, last;
    } weak[] = {{0, 0, 0},          {0, 0, 0x80},       {1, 0, 0},          {1, 0, 0x80},
                {0xec, 0xff, 0x7f}, {0xec, 0xff, 0xff}, {0xed, 0xff, 0x7f}, {0xee, 0xff, 0xff}};
    for (size_t i = 0; i < sizeof weak / sizeof *weak; i++) {
        uint8_t bytes[42] = "Ed12345678";
        char text[64];
        bytes[10] = weak[i].first;
        memset(bytes + 11, weak[i].middle, 30);
        bytes[41] = weak[i].last;
        EVP_EncodeBlock((unsigned char *)text, bytes, sizeof bytes);
        refuse_pin(text, ERR_INPUT);
        assert_non_null(strstr(err.text, "weak"));
    }
    /* The four of order eight. */
    static const char *const eight[] = {"RWQxMjM0NTY3OCbolY/CsiewRcP0ifLvmPDV36wF08YzObE4AohtU/wF",
                                        "RWQxMjM0NTY3OCbolY/CsiewRcP0ifLvmPDV36wF08YzObE4AohtU/yF",
                                        "RWQxMjM0NTY3OMcXanA9TdhPujwLdg0QZw8qIFP6LDnMxk7H/XeSrAN6",
                                        "RWQxMjM0NTY3OMcXanA9TdhPujwLdg0QZw8qIFP6LDnMxk7H/XeSrAP6"};
    for (size_t i = 0; i < sizeof eight / sizeof *eight; i++) {
        refuse_pin(eight[i], ERR_INPUT);
        assert_non_null(strstr(err.text, "weak"));
    }
}

static void at_most_so_many_keys(void **state)
{
    (void)state;
    struct trust *trust = trust_create();
    char text[64];
    for (int i = 0; i <= TRUST_KEYS_MAX; i++) {
        uint8_t bytes[42] = "Ed12345678key";
        bytes[20] = (uint8_t)(i + 1);
        EVP_EncodeBlock((unsigned char *)text, bytes, sizeof bytes);
        assert_int_equal(trust_pin(trust, text, &err), i < TRUST_KEYS_MAX);
    }
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(trust_count(trust), TRUST_KEYS_MAX);
    trust_destroy(trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pins_files_and_lines),
        cmocka_unit_test(refuses_what_is_no_key),
        cmocka_unit_test(a_secret_key_is_named_and_not_told),
        cmocka_unit_test(weak_keys_are_refused),
        cmocka_unit_test(at_most_so_many_keys),
    };
    return cmocka_run_group_tests(tests, temp_folder_setup, temp_folder_teardown);
}
