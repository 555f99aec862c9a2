/* Language tags (BCP 47; RFC 5646): whether a tag is made of registered subtags, which tag was
 * meant, and what Chinese tags say about their script. Pure; any thread. */
#ifndef CORE_LANGUAGE_TAG_H
#define CORE_LANGUAGE_TAG_H

#include <stdbool.h>
#include <stddef.h>

#define LANGUAGE_TAG_BYTES 65 /* with the NUL; no real tag is longer (RFC 5646, 4.4.1) */

enum language_tag_problem {
    LANGUAGE_TAG_GOOD,
    LANGUAGE_TAG_NOT_A_TAG,      /* not subtags of letters and digits with hyphens between them */
    LANGUAGE_TAG_NO_LANGUAGE,    /* no registered language */
    LANGUAGE_TAG_OTHER_LANGUAGE, /* a language, but hardly the one that was meant: kr is Kanuri */
    LANGUAGE_TAG_NO_SCRIPT,
    LANGUAGE_TAG_NO_REGION,
    LANGUAGE_TAG_NO_VARIANT,
};

/* Checks a tag against IANA's registry; case doesn't matter. Subtags after a single letter
 * (extensions, and x for private use) may be anything. Tags that RFC 5646 calls grandfathered, such
 * as i-klingon, are not known. `suggestion` gets the tag that was probably meant, "" where there
 * is none to be guessed. */
enum language_tag_problem language_tag_check(const char *tag, char suggestion[LANGUAGE_TAG_BYTES]);

/* What is wrong with a tag, as the end of a sentence: "is not a language; did you mean \"ko\"?".
 * False, and "" in words, where nothing is. The words are valid UTF-8 if the tag is. */
#define LANGUAGE_TAG_WORDS_BYTES 320
bool language_tag_explain(const char *tag, char words[LANGUAGE_TAG_WORDS_BYTES]);

/* Writes the tag with the script that a region of Chinese stands for: zh-TW is zh-Hant-TW, zh-CN
 * zh-Hans-CN. Other tags stay as they are. Cut off where it is too long. */
void language_tag_add_script(const char *tag, char out[LANGUAGE_TAG_BYTES]);

/* Whether two tags are the same but for the case of letters; the first has `bytes` bytes. */
bool language_tag_equals(const char *a, size_t bytes, const char *b);

#endif
