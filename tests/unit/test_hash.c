#include "base/hash.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* FIPS 180-2, appendix B. */
static const struct {
    const char *text, *digest;
} vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void matches_the_standard(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t digest[HASH_BYTES];
        char text[HASH_TEXT_BYTES];
        assert_true(hash_bytes(vectors[i].text, strlen(vectors[i].text), digest));
        hash_to_text(digest, text);
        assert_string_equal(text, vectors[i].digest);
    }
}

static void pieces_give_what_the_whole_gives(void **state)
{
    (void)state;
    const char *text = vectors[2].text;
    size_t size = strlen(text);
    for (size_t cut = 0; cut <= size; cut++) {
        uint8_t digest[HASH_BYTES];
        char name[HASH_TEXT_BYTES];
        struct hash *hash = hash_create();
        assert_non_null(hash);
        assert_true(hash_add(hash, text, cut));
        assert_true(hash_add(hash, text + cut, size - cut));
        assert_true(hash_result(hash, digest));
        hash_destroy(hash);
        hash_to_text(digest, name);
        assert_string_equal(name, vectors[2].digest);
    }
    hash_destroy(NULL);
}

static void text_goes_there_and_back(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES], back[HASH_BYTES];
    char text[HASH_TEXT_BYTES];
    for (size_t i = 0; i < HASH_BYTES; i++)
        digest[i] = (uint8_t)(i * 37 + 11);
    hash_to_text(digest, text);
    assert_true(hash_from_text(text, back));
    assert_memory_equal(digest, back, HASH_BYTES);
    text[5] = 'A';
    assert_true(hash_from_text(text, back));
    text[5] = 'g';
    assert_false(hash_from_text(text, back));
    text[5] = '0';
    text[63] = '\0';
    assert_false(hash_from_text(text, back));
    assert_false(hash_from_text("", back));
    assert_false(
        hash_from_text("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8550", back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_the_standard),
        cmocka_unit_test(pieces_give_what_the_whole_gives),
        cmocka_unit_test(text_goes_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
