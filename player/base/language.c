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

void language_choose(const char *asked, char tag[LANGUAGE_BYTES])
{
    char plain[LANGUAGE_BYTES];
    snprintf(plain, sizeof plain, "%s", asked ? asked : system_locale());
    plain[strcspn(plain, ".@")] = '\0'; /* ko_KR.UTF-8@x */
    for (char *c = plain; *c; c++)
        if (*c == '_')
            *c = '-';
    if (!*plain || strcmp(plain, "C") == 0 || strcmp(plain, "POSIX") == 0)
        snprintf(tag, LANGUAGE_BYTES, "en");
    else if (strcasecmp(plain, "zh") == 0 || strcasecmp(plain, "zh-CN") == 0 ||
             strcasecmp(plain, "zh-SG") == 0)
        snprintf(tag, LANGUAGE_BYTES, "zh-Hans%.8s", plain + 2);
    else if (strcasecmp(plain, "zh-TW") == 0 || strcasecmp(plain, "zh-HK") == 0 ||
             strcasecmp(plain, "zh-MO") == 0)
        snprintf(tag, LANGUAGE_BYTES, "zh-Hant%.8s", plain + 2);
    else
        snprintf(tag, LANGUAGE_BYTES, "%s", plain);
}
