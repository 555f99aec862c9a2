#include "core/zone_alias.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OFFSET_HOURS_MAX 14
#define BEHIND_HOURS_MAX 12

/* Letters, spaces and case as people write them: see same_name(). Abbreviations, cities without a
 * zone of their own, countries, and names that the database gave up. */
static const struct {
    const char *text, *zone;
} aliases[] = {
    {"KST", "Asia/Seoul"},
    {"Korea", "Asia/Seoul"},
    {"South Korea", "Asia/Seoul"},
    {"Republic of Korea", "Asia/Seoul"},
    {"ROK", "Asia/Seoul"},
    {"KR", "Asia/Seoul"},
    {"Busan", "Asia/Seoul"},
    {"Incheon", "Asia/Seoul"},
    {"Daegu", "Asia/Seoul"},
    {"Jeju", "Asia/Seoul"},
    {"Gangneung", "Asia/Seoul"},
    {"Pyeongchang", "Asia/Seoul"},
    {"서울", "Asia/Seoul"},
    {"한국", "Asia/Seoul"},
    {"대한민국", "Asia/Seoul"},
    {"CST", "Asia/Shanghai or America/Chicago"},
    {"China", "Asia/Shanghai"},
    {"PRC", "Asia/Shanghai"},
    {"CN", "Asia/Shanghai"},
    {"Beijing", "Asia/Shanghai"},
    {"Peking", "Asia/Shanghai"},
    {"Shenzhen", "Asia/Shanghai"},
    {"Guangzhou", "Asia/Shanghai"},
    {"Hangzhou", "Asia/Shanghai"},
    {"Nanjing", "Asia/Shanghai"},
    {"Chengdu", "Asia/Shanghai"},
    {"Wuhan", "Asia/Shanghai"},
    {"Tianjin", "Asia/Shanghai"},
    {"Xian", "Asia/Shanghai"},
    {"Suzhou", "Asia/Shanghai"},
    {"Qingdao", "Asia/Shanghai"},
    {"Chongqing", "Asia/Shanghai"},
    {"Chungking", "Asia/Shanghai"},
    {"Harbin", "Asia/Shanghai"},
    {"Zhangjiakou", "Asia/Shanghai"},
    {"北京", "Asia/Shanghai"},
    {"上海", "Asia/Shanghai"},
    {"中国", "Asia/Shanghai"},
    {"HKT", "Asia/Hong_Kong"},
    {"Hongkong", "Asia/Hong_Kong"},
    {"Taiwan", "Asia/Taipei"},
    {"ROC", "Asia/Taipei"},
    {"Macao", "Asia/Macau"},
    {"JST", "Asia/Tokyo"},
    {"Japan", "Asia/Tokyo"},
    {"JP", "Asia/Tokyo"},
    {"Osaka", "Asia/Tokyo"},
    {"Kyoto", "Asia/Tokyo"},
    {"Sapporo", "Asia/Tokyo"},
    {"東京", "Asia/Tokyo"},
    {"日本", "Asia/Tokyo"},
    {"SGT", "Asia/Singapore"},
    {"IST", "Asia/Kolkata or Europe/Dublin"},
    {"India", "Asia/Kolkata"},
    {"Delhi", "Asia/Kolkata"},
    {"New Delhi", "Asia/Kolkata"},
    {"Mumbai", "Asia/Kolkata"},
    {"Calcutta", "Asia/Kolkata"},
    {"Saigon", "Asia/Ho_Chi_Minh"},
    {"Hanoi", "Asia/Bangkok"},
    {"Vietnam", "Asia/Ho_Chi_Minh"},
    {"Rangoon", "Asia/Yangon"},
    {"Katmandu", "Asia/Kathmandu"},
    {"Kiev", "Europe/Kyiv"},
    {"Godthab", "America/Nuuk"},
    {"EDT", "America/New_York"},
    {"CDT", "America/Chicago"},
    {"MDT", "America/Denver"},
    {"PST", "America/Los_Angeles"},
    {"PDT", "America/Los_Angeles"},
    {"US/Eastern", "America/New_York"},
    {"US/Central", "America/Chicago"},
    {"US/Mountain", "America/Denver"},
    {"US/Pacific", "America/Los_Angeles"},
    {"Washington", "America/New_York"},
    {"Boston", "America/New_York"},
    {"San Francisco", "America/Los_Angeles"},
    {"BST", "Europe/London"},
    {"UK", "Europe/London"},
    {"GB", "Europe/London"},
    {"England", "Europe/London"},
    {"CEST", "Europe/Berlin"},
    {"EEST", "Europe/Helsinki"},
    {"Germany", "Europe/Berlin"},
    {"Munich", "Europe/Berlin"},
    {"Frankfurt", "Europe/Berlin"},
    {"Hamburg", "Europe/Berlin"},
    {"Milan", "Europe/Rome"},
    {"Geneva", "Europe/Zurich"},
    {"Barcelona", "Europe/Madrid"},
    {"AEST", "Australia/Sydney"},
    {"AEDT", "Australia/Sydney"},
    {"Z", "UTC"},
};

static char plain_letter(char c)
{
    return (char)(c == ' ' || c == '-' ? '_' : c);
}

/* Whether two names are the same but for case, and for spaces, hyphens and underscores. */
static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char pair[2][2] = {{plain_letter(*a)}, {plain_letter(*b)}};
        if (strcasecmp(pair[0], pair[1]) != 0)
            return false;
    }
    return !*a && !*b;
}

/* "UTC+9", "GMT-03:30", "+0900", "UTC +8" as minutes east. */
static bool read_offset(const char *text, int *minutes)
{
    bool named = strncasecmp(text, "UTC", 3) == 0 || strncasecmp(text, "GMT", 3) == 0;
    text += named ? 3 : 0;
    text += strspn(text, " ");
    if (*text != '+' && *text != '-')
        return false;
    int sign = *text++ == '-' ? -1 : 1;
    text += strspn(text, " ");
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 4)
        return false;
    long hours = strtol(text, NULL, 10), rest = 0;
    if (digits > 2) {
        rest = hours % 100;
        hours /= 100;
    }
    text += digits;
    if (*text == ':' && strlen(text) == 3 && strspn(text + 1, "0123456789") == 2)
        rest = strtol(text + 1, NULL, 10);
    else if (*text)
        return false;
    *minutes = sign * (int)(hours * 60 + rest);
    return hours <= OFFSET_HOURS_MAX && rest < 60;
}

/* Places that keep an offset all year, so that a name says as much as the offset did. */
static bool suggest_for_offset(int minutes, char words[ZONE_ALIAS_BYTES])
{
    static const struct {
        int minutes;
        const char *zone;
    } places[] = {{540, "Asia/Seoul"},
                  {480, "Asia/Shanghai"},
                  {420, "Asia/Bangkok"},
                  {330, "Asia/Kolkata"},
                  {345, "Asia/Kathmandu"},
                  {240, "Asia/Dubai"},
                  {0, "UTC"},
                  {-180, "America/Sao_Paulo"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i].minutes == minutes) {
            snprintf(words, ZONE_ALIAS_BYTES, "did you mean %s?", places[i].zone);
            return true;
        }
    /* No clock is further behind, so there is no such zone. */
    if (minutes % 60 || minutes < -BEHIND_HOURS_MAX * 60)
        return false;
    snprintf(words, ZONE_ALIAS_BYTES,
             "did you mean Etc/GMT%+d? There the sign is the other way round", -minutes / 60);
    return true;
}

static const char *find_alias(const char *name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (same_name(name, aliases[i].text))
            return aliases[i].zone;
    return NULL;
}

bool zone_alias_suggest(const char *text, char words[ZONE_ALIAS_BYTES])
{
    int minutes;
    words[0] = '\0';
    if (read_offset(text, &minutes))
        return suggest_for_offset(minutes, words);
    /* The whole name, else the city of "Asia/Beijing". */
    const char *slash = strrchr(text, '/'), *zone = find_alias(text);
    if (!zone && slash)
        zone = find_alias(slash + 1);
    if (zone)
        snprintf(words, ZONE_ALIAS_BYTES, "did you mean %s?", zone);
    return zone != NULL;
}

bool zone_alias_is_inverted(const char *zone, char words[ZONE_ALIAS_BYTES])
{
    words[0] = '\0';
    if (strncmp(zone, "Etc/GMT", 7) != 0 || (zone[7] != '+' && zone[7] != '-'))
        return false;
    long hours = strtol(zone + 8, NULL, 10);
    if (hours < 1 || hours > (zone[7] == '+' ? BEHIND_HOURS_MAX : OFFSET_HOURS_MAX))
        return false;
    snprintf(words, ZONE_ALIAS_BYTES, "is %ld hour%s %s UTC", hours, hours == 1 ? "" : "s",
             zone[7] == '+' ? "behind" : "ahead of");
    return true;
}
