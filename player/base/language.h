/* The player's language, as a BCP 47 tag. */
#ifndef BASE_LANGUAGE_H
#define BASE_LANGUAGE_H

#define LANGUAGE_BYTES 64

/* Writes the tag for the language that an operator set (NULL: that of the system's locale, by
 * LC_ALL, LC_MESSAGES, LANG; "en" without one). Chinese without a script gets the script of its
 * region, so that zh-CN finds zh-Hans and zh-TW finds zh-Hant. */
void language_choose(const char *asked, char tag[LANGUAGE_BYTES]);

#endif
