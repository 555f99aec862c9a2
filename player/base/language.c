#include "base/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *system_locale(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return value;
    }
    return "en";
}

/* A locale's name as a tag: "ko_KR.UTF-8@x" is ko-KR, and "C" is en. */
static void tag_of_locale(const char *locale, char tag[LANGUAGE_BYTES])
{
    snprintf(tag, LANGUAGE_BYTES, "%s", locale);
    tag[strcspn(tag, ".@")] = '\0';
    for (char *c = tag; *c; c++)
        if (*c == '_')
            *c = '-';
    if (!*tag || strcmp(tag, "C") == 0 || strcmp(tag, "POSIX") == 0)
        snprintf(tag, LANGUAGE_BYTES, "en");
}

void language_choose(const char *asked, char tag[LANGUAGE_BYTES])
{
    char plain[LANGUAGE_BYTES];
    tag_of_locale(asked ? asked : system_locale(), plain);
    if (strcasecmp(plain, "zh") == 0)
        snprintf(tag, LANGUAGE_BYTES, "zh-Hans");
    else
        language_tag_add_script(plain, tag);
}

bool language_check(const char *asked, struct err *err)
{
    char plain[LANGUAGE_BYTES], suggestion[LANGUAGE_TAG_BYTES];
    tag_of_locale(asked, plain);
    bool fits = strlen(asked) < LANGUAGE_BYTES;
    enum language_tag_problem problem = language_tag_check(fits ? plain : asked, suggestion);
    if (problem == LANGUAGE_TAG_GOOD)
        return true;
    if (problem == LANGUAGE_TAG_OTHER_LANGUAGE) {
        char words[LANGUAGE_TAG_WORDS_BYTES];
        language_tag_explain(plain, words);
        return err_set(err, ERR_INPUT, "is \"%.200s\", which %s", asked, words);
    }
    if (suggestion[0])
        return err_set(
            err, ERR_INPUT,
            "needs a language tag such as ko or zh-Hans, not \"%.200s\"; did you mean %s?", asked,
            suggestion);
    return err_set(err, ERR_INPUT, "needs a language tag such as ko or zh-Hans, not \"%.200s\"",
                   asked);
}
