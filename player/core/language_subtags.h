/* The table behind language_tag.h: the subtags of language tags, from IANA's registry. Constant. */
#ifndef CORE_LANGUAGE_SUBTAGS_H
#define CORE_LANGUAGE_SUBTAGS_H

#include <stdint.h>

/* Words with a space around each: languages of two letters, extended languages, and variants in
 * small letters, scripts as "Hans", regions as "KR" or "419". Codes that have been replaced by
 * others are left out. */
extern const char language_subtags_languages[], language_subtags_extlangs[],
    language_subtags_scripts[], language_subtags_regions[], language_subtags_variants[];

/* Languages of three letters: bit (a × 26 + b) × 26 + c, where a letter counts from 'a' as 0, is
 * bit n % 64 of word n / 64. */
#define LANGUAGE_SUBTAGS_WORDS 275
extern const uint64_t language_subtags_bits[LANGUAGE_SUBTAGS_WORDS];

/* Names and codes of three letters in small letters ("korean", "kor") of languages that have a code
 * of two letters, in order; ends with a name that is NULL. */
struct language_subtags_name {
    const char *name, *code;
};
extern const struct language_subtags_name language_subtags_names[];

#endif
