/* The player's language, as a BCP 47 tag. */
#ifndef BASE_LANGUAGE_H
#define BASE_LANGUAGE_H

#include "core/err.h"
#include "core/language_tag.h"

#define LANGUAGE_BYTES LANGUAGE_TAG_BYTES

/* Writes the tag for the language that an operator set (NULL: that of the system's locale, by
 * LC_ALL, LC_MESSAGES, LANG; "en" without one). Chinese without a script gets the script of its
 * region, so that zh-CN finds zh-Hans and zh-TW finds zh-Hant. */
void language_choose(const char *asked, char tag[LANGUAGE_BYTES]);

/* Whether an operator's setting names a language: a tag, or a locale such as ko_KR.UTF-8. ERR_INPUT
 * completes the name of the option: "needs a language tag such as ..., not ...". */
MUST_CHECK bool language_check(const char *asked, struct err *err);

#endif
