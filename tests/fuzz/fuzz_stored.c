/* Fuzzes what is stored, and what else comes in small pieces: manifests, state files, zone files,
 * TZ rules, HTTP heads, addresses, configurations. No read outside of it; and what is accepted is
 * within the bounds that are promised, and means the same when it is written and read again.
 *
 * An input: a letter that names the reader, then its bytes. */
#include "sync/state.c" /* its parser is behind a checksum */

#include "base/config.h"
#include "base/zone.h"
#include "base/zone_rule.h"
#include "commands/settings.h"
#include "http/http_internal.h"
#include "sync/fetch.h"
#include "sync/store/manifest.h"

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* The input as a text, which ends where it has a NUL. */
static char *copy_text(const char *bytes, size_t size)
{
    char *text = strndup(bytes, size);
    PROMISE(text);
    return text;
}

static void read_manifest(const char *bytes, size_t size)
{
    struct err err = {0};
    struct manifest *manifest = manifest_parse(bytes, size, &err);
    if (!manifest) {
        PROMISE(err.code == ERR_INPUT);
        return;
    }
    for (size_t i = 0; i < manifest->file_count; i++)
        PROMISE(manifest->files[i].size_bytes >= 0 && manifest->files[i].path &&
                manifest->files[i].url && manifest->files[i].etag);
    char *text = manifest_print(manifest);
    PROMISE(text);
    struct manifest *again = manifest_parse(text, strlen(text), &err);
    PROMISE(again && again->file_count == manifest->file_count);
    char *second = manifest_print(again);
    PROMISE(second && strcmp(text, second) == 0);
    free(text);
    free(second);
    manifest_destroy(manifest);
    manifest_destroy(again);
}

/* With a checksum that fits, the bytes are a state file's lines. */
static void read_state(const char *bytes, size_t size)
{
    static struct state_file file = {.channel = "seoul", .lowered_ms = INT64_MAX, .entry_count = 2};
    char text[FILE_BYTES_MAX + 1], checksum[HASH_TEXT_BYTES];
    uint8_t digest[HASH_BYTES];
    struct entry entries[ENTRIES_MAX];
    size_t count;
    if (size > FILE_BYTES_MAX - CHECKSUM_BYTES)
        return;
    memcpy(text, bytes, size);
    text[size] = '\0';
    PROMISE(!parse_state(&file, text, size, entries, &count)); /* without it */
    memcpy(text, bytes, size);
    PROMISE(hash_bytes(text, size, digest));
    hash_to_text(digest, checksum);
    size += (size_t)snprintf(text + size, sizeof text - size, CHECKSUM_NAME "%s\n", checksum);
    if (!parse_state(&file, text, size, entries, &count))
        return;
    memset(file.entries, 0, sizeof file.entries);
    snprintf(file.entries[1].key_id, sizeof file.entries[1].key_id, "AEBB80CEC485BDB7");
    raise_by_entries(&file, entries, count, INT64_MAX);
    for (size_t i = 0; i < file.entry_count; i++)
        for (int j = 0; j < NUMBERS; j++)
            PROMISE(file.entries[i].numbers[j] >= 0 && file.entries[i].numbers[j] <= number_max[j]);
    struct state before = file.state;
    PROMISE(print_state(&file, text, &size) && size < FILE_BYTES_MAX);
    text[size] = '\0';
    PROMISE(parse_state(&file, text, size, entries, &count) && count == file.entry_count);
    raise_by_entries(&file, entries, count, INT64_MAX);
    PROMISE(memcmp(&before, &file.state, sizeof before) == 0);
}

static void use_zone(const struct zone *zone)
{
    const struct civil_zone *civil = &zone->civil;
    static const int64_t instants_ms[] = {INT64_C(-2208988800000), 0, INT64_C(1770336000000),
                                          INT64_C(4102444800000), INT64_C(7258118400000)};
    for (size_t i = 0; i < civil->change_count; i++) {
        PROMISE(i == 0 || civil->changes[i - 1].from_ms < civil->changes[i].from_ms);
        PROMISE(civil->changes[i].offset_ms >= ZONE_OFFSET_MIN_S * 1000 &&
                civil->changes[i].offset_ms <= ZONE_OFFSET_MAX_S * 1000);
    }
    for (size_t i = 0; i < sizeof instants_ms / sizeof *instants_ms; i++) {
        int64_t instant_ms = civil_instant(civil, civil_local_ms(civil, instants_ms[i]));
        /* An hour that comes twice is the first. */
        PROMISE(instant_ms <= instants_ms[i]);
        PROMISE(civil_local_ms(civil, instant_ms) == civil_local_ms(civil, instants_ms[i]));
    }
}

static void read_zone_file(const char *bytes, size_t size)
{
    struct zone zone;
    struct err err = {0};
    if (zone_parse(&zone, "fuzz", bytes, size, &err))
        use_zone(&zone);
    else
        PROMISE(err.code == ERR_INPUT && !zone.table);
    zone_finish(&zone);
}

static void read_rule(const char *bytes, size_t size)
{
    char *text = copy_text(bytes, size);
    struct zone_rule rule;
    struct zone zone;
    if (zone_rule_parse(text, &rule)) {
        int64_t start_s, end_s;
        for (int year = 1970; rule.has_dst && year <= 2200; year++)
            zone_rule_year(&rule, year, &start_s, &end_s);
        setenv("TZ", text, 1);
        if (zone_load_system(&zone, NULL))
            use_zone(&zone);
        zone_finish(&zone);
    }
    free(text);
}

static bool take_body(void *context, const struct http_response *head, const void *data,
                      size_t size, struct err *err)
{
    (void)context, (void)head, (void)data, (void)size, (void)err;
    return true;
}

static void check_validator(const char text[HTTP_VALIDATOR_BYTES])
{
    PROMISE(memchr(text, '\0', HTTP_VALIDATOR_BYTES));
    for (; *text; text++)
        PROMISE(*text >= 0x20 && *text <= 0x7e);
}

/* Line by line, as libcurl gives them; then a body. */
static void read_head(const char *bytes, size_t size)
{
    static struct http http;
    static CURL *easy;
    if (!easy)
        PROMISE(easy = curl_easy_init());
    struct http_transfer *t = calloc(1, sizeof *t);
    char *copy = malloc(size ? size : 1);
    PROMISE(t && copy);
    memcpy(copy, bytes, size);
    t->http = &http;
    t->easy = easy;
    t->limit_bytes = 1000;
    t->take = take_body;
    for (size_t at = 0; at < size;) {
        const char *end = memchr(copy + at, '\n', size - at);
        size_t length = end ? (size_t)(end - copy) + 1 - at : size - at;
        /* A buffer of the line's own: it ends where the line does. */
        char *line = malloc(length);
        PROMISE(line);
        memcpy(line, copy + at, length);
        bool more = http_response_header(line, 1, length, t) == length;
        free(line);
        at += length;
        if (!more)
            break;
    }
    (void)http_response_body(copy, 1, size, t);
    check_validator(t->response.etag);
    check_validator(t->response.last_modified);
    PROMISE(t->response.age_ms >= 0 && t->response.date_ms >= 0);
    PROMISE(t->response.range_start >= -1 && t->response.range_total >= -1);
    PROMISE(memchr(t->coding, '\0', sizeof t->coding));
    free(copy);
    free(t);
}

static void check_public(const char *location)
{
    char text[128], short_text[8];
    fetch_public(location, text, sizeof text);
    PROMISE(memchr(text, '\0', sizeof text));
    fetch_public(location, short_text, sizeof short_text);
    PROMISE(memchr(short_text, '\0', sizeof short_text));
    if (http_is_url(location))
        PROMISE(!strpbrk(text, "?#"));
}

/* A base, and behind a line end a reference. */
static void read_address(const char *bytes, size_t size)
{
    char *text = copy_text(bytes, size), *reference = strchr(text, '\n');
    struct err err = {0};
    if (reference)
        *reference++ = '\0';
    char *base = fetch_base_clean(text, &err);
    if (base) {
        bool url = http_is_url(base);
        char *again = fetch_base_clean(base, &err);
        PROMISE(again && strcmp(again, base) == 0);
        free(again);
        check_public(base);
        for (int plain = 0; reference && plain < 2; plain++) {
            char *found = fetch_resolve(base, reference, plain, &err);
            if (!found)
                continue;
            PROMISE(http_is_url(found) == url && (url || found[0] == '/'));
            PROMISE(strncmp(base, "https:", 6) != 0 || strncmp(found, "https:", 6) == 0);
            check_public(found);
            free(found);
        }
        free(base);
    } else {
        PROMISE(err.code && err.text[0]);
    }
    free(text);
}

static void read_configuration(const char *bytes, size_t size)
{
    static struct option_value values[SETTING_COUNT];
    static struct config config;
    char *text = malloc(size + 1); /* with the NULs that are in it */
    PROMISE(text);
    memcpy(text, bytes, size);
    text[size] = '\0';
    options_defaults(&settings_table, values);
    config_init(&config, &settings_table, values, 0);
    config_read_text(&config, "duckling.conf", text, size);
    free(text); /* the configuration keeps what it needs */
    for (size_t i = 0; i < settings_table.count; i++) {
        const struct option_row *row = &settings_table.rows[i];
        const struct option_value *value = &values[i];
        if (value->origin.kind != OPTION_FROM_FILE)
            continue;
        PROMISE(value->text && strlen(value->text) <= size + 16);
        if (row->type == OPTION_NUMBER || row->type == OPTION_WHOLE || row->type == OPTION_BYTES)
            PROMISE(value->number >= row->min && value->number <= row->max);
        PROMISE(value->text_count >= 0 && value->text_count <= OPTION_TEXTS_MAX);
    }
    for (int i = 0; i < config.fault_count && i < CONFIG_FAULTS_SHOWN_MAX; i++)
        PROMISE(strncmp(config.faults[i], "duckling.conf:", 14) == 0);
    config_finish(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        char letter;
        void (*read)(const char *bytes, size_t size);
    } readers[] = {
        {'m', read_manifest}, {'s', read_state},   {'z', read_zone_file},     {'r', read_rule},
        {'h', read_head},     {'a', read_address}, {'c', read_configuration},
    };
    for (size_t i = 0; size > 0 && i < sizeof readers / sizeof *readers; i++)
        if (data[0] == (uint8_t)readers[i].letter)
            readers[i].read((const char *)data + 1, size - 1);
    return 0;
}
