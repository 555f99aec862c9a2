#include "commands/start_log.h"

#include "base/language.h"
#include "base/log.h"
#include "base/zone.h"
#include "sync/feed/feed.h"
#include "sync/fetch.h"
#include "sync/trust.h"

#include <stdio.h>
#include <string.h>

#define LOG_MODULE "start_log"

#define LIST_BYTES 1024

static void append_word(char list[LIST_BYTES], const char *word)
{
    size_t used = strlen(list);
    snprintf(list + used, LIST_BYTES - used, "%s%s", used ? "," : "", word);
}

/* The zone of local times where a playlist names none. */
static void name_zone(const struct settings *settings, char name[ZONE_NAME_BYTES_MAX + 1])
{
    const char *given = settings->values[SETTING_TIMEZONE].text;
    struct zone zone = {0};
    if (given)
        snprintf(name, ZONE_NAME_BYTES_MAX + 1, "%s", given);
    else
        snprintf(name, ZONE_NAME_BYTES_MAX + 1, "%s",
                 zone_load_system(&zone, NULL) ? zone.name : "unknown");
    zone_finish(&zone);
}

/* The ids of the pinned keys, as minisign prints them. */
static void list_keys(const struct settings *settings, char list[LIST_BYTES])
{
    const struct option_value *keys = &settings->values[SETTING_KEY];
    struct trust *trust = trust_create();
    list[0] = '\0';
    for (int i = 0; trust && i < keys->text_count; i++)
        if (!trust_pin(trust, keys->texts[i], NULL))
            append_word(list, "unreadable");
    for (int i = 0; trust && i < trust_count(trust); i++) {
        char id[17];
        trust_key_id(trust, i, id);
        append_word(list, id);
    }
    trust_destroy(trust);
}

static void list_sources(const struct settings *settings, char list[LIST_BYTES])
{
    list[0] = '\0';
    for (int i = 0; i < settings->operand_count; i++) {
        char shown[256];
        fetch_public(settings->operands[i], shown, sizeof shown);
        append_word(list, shown);
    }
}

/* The name of the folder that the channel is in: "seoul" of ".../channels/seoul/". */
static void name_channel(const struct settings *settings, char name[LIST_BYTES])
{
    const char *source = settings->source;
    size_t length = strlen(source);
    while (length > 0 && source[length - 1] == '/')
        length--;
    size_t start = length;
    while (start > 0 && source[start - 1] != '/')
        start--;
    snprintf(name, LIST_BYTES, "%.*s", (int)(length - start), source + start);
}

void start_log_write(const struct settings *settings)
{
    char language[LANGUAGE_BYTES], zone[ZONE_NAME_BYTES_MAX + 1];
    char store[PATH_MAX], state[PATH_MAX], sources[LIST_BYTES];
    char channel[LIST_BYTES] = "", keys[LIST_BYTES];
    const char *given_store = settings->values[SETTING_STORE].text;
    const char *given_state = settings->values[SETTING_STATE].text;
    bool keyed = settings->values[SETTING_KEY].text_count > 0;
    language_choose(settings->values[SETTING_LANGUAGE].text, language);
    name_zone(settings, zone);
    feed_default_folders(store, state);
    list_sources(settings, sources);
    list_keys(settings, keys);
    if (feed_is_channel(settings->source, keyed))
        name_channel(settings, channel);
    log_info("player started version=%s language=%s timezone=%s source=\"%s\" channel=\"%s\" "
             "keys=\"%s\" store=\"%s\" state=\"%s\"",
             DUCKLING_VERSION, language, zone, sources, channel, keys,
             given_store ? given_store : store, given_state ? given_state : state);
}
