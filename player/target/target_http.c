/* A web server, or an S3-compatible store, as a target: small files, one at a time, and what
 * uploads share with them. */
#include "target/target_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOG_MODULE "target_http"

/* A server may be busy with a large file that it has received (a copy, a hash) before it answers. */
#define STALL_MS 60000
#define IN_A_PASSWORD "write @ / : in a password as %40 %2F %3A"

static const char *const types[][2] = {
    {".jpg", "image/jpeg"},       {".jpeg", "image/jpeg"},       {".png", "image/png"},
    {".webp", "image/webp"},      {".json", "application/json"}, {".minisig", "text/plain"},
    {".mp4", "video/mp4"},        {".mov", "video/quicktime"},   {".webm", "video/webm"},
    {".mkv", "video/x-matroska"},
};

const char *target_http_type(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

const char *target_http_caching(bool immutable)
{
    return immutable ? "public, max-age=31536000, immutable" : "no-cache";
}

/* What an operator may look into where a server's answer has a typical cause. */
static const char *advise_server(const struct target *target, const struct http_response *head)
{
    switch (head->status) {
    case 400:
        return strncasecmp(target->base, "https:", 6) == 0
                   ? "; does the server want a client certificate (--client-cert)?"
                   : "; is it https?";
    case 401:
        return "; the user or password in --to is wrong or missing";
    case 403:
        return "; may this user write there?";
    case 405:
    case 501:
        return "; the server accepts no PUT there (nginx: dav_methods PUT)";
    case 409:
        return "; can the server create folders?";
    case 413:
        return " (nginx: client_max_body_size)";
    case 500:
        return "; see the server's log: is its disk full? may it write there? is "
               "create_full_put_path on (nginx)?";
    case 507:
        return "; the server's disk is full";
    default:
        return "";
    }
}

bool target_http_result(const struct target *target, const char *name,
                        const struct http_transfer *transfer, struct http_response *head,
                        struct err *err)
{
    struct err cause = {0};
    if (http_result(transfer, head, &cause))
        return true;
    const char *advice = cause.code == ERR_INPUT ? "" : target->ops->advise(target, head);
    return err_set(err, cause.code, "%s%s: %s%s", target->shown, name, cause.text, advice);
}

/* A refusal would be repeated. */
bool target_http_is_passing(const struct http_response *head, const struct err *err)
{
    int status = head->status;
    if (err->code != ERR_NETWORK && err->code != ERR_TIMEOUT)
        return false;
    return status < 300 || status == 408 || status == 429 || (status >= 500 && status != 501);
}

int64_t target_http_pause_ms(int failures)
{
    return failures <= 1 ? 250 : 1500;
}

static void pause_for(struct target *target, int64_t pause_ms)
{
    int64_t end_ns = clock_mono_ns() + pause_ms * 1000000, left_ns;
    while ((left_ns = end_ns - clock_mono_ns()) > 0)
        if (!http_run(target->http, left_ns / 1000000 + 1, NULL))
            break;
}

/* Waits for a transfer, and ends it. */
static MUST_CHECK bool finish_transfer(struct target *target, const char *name,
                                       struct http_transfer *transfer, struct http_response *head,
                                       struct err *err)
{
    bool ok = true;
    while (ok && !http_finished(transfer))
        ok = http_run(target->http, 10000, err);
    ok = ok && target_http_result(target, name, transfer, head, err);
    http_end(transfer);
    return ok;
}

struct bytes {
    char *data; /* with a NUL after them */
    size_t size, capacity;
};

static MUST_CHECK bool take_answer_bytes(void *context, const struct http_response *head,
                                         const void *data, size_t size, struct err *err)
{
    struct bytes *bytes = context; /* http keeps to limit_bytes */
    (void)head;
    if (bytes->size + size + 1 > bytes->capacity) {
        size_t capacity = 2 * (bytes->size + size + 1);
        char *longer = realloc(bytes->data, capacity);
        if (!longer)
            return err_oom(err);
        bytes->data = longer;
        bytes->capacity = capacity;
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    bytes->data[bytes->size] = '\0';
    return true;
}

static MUST_CHECK bool try_get(struct target *target, const char *name,
                               struct http_request *request, struct http_response *head,
                               struct err *err)
{
    struct bytes *bytes = request->context;
    bytes->size = 0;
    *head = (struct http_response){0};
    struct http_transfer *transfer = http_get(target->http, request, err);
    bool ok = transfer && finish_transfer(target, name, transfer, head, err);
    if (head->date_ms > 0) {
        target->has_clock = true;
        target->ahead_ms = head->date_ms + head->age_ms - clock_wall_ms();
    }
    return ok;
}

bool target_http_get(struct target *target, const char *name, size_t limit_bytes, char **data,
                     size_t *size, struct err *err)
{
    struct bytes bytes = {0};
    struct http_response head;
    struct err cause = {0};
    char *url = target_join(target->base, name);
    if (!url)
        return err_oom(err);
    struct http_request request = {.url = url,
                                   .no_cache = true,
                                   .s3 = target->s3,
                                   .limit_bytes = (int64_t)limit_bytes,
                                   .take = take_answer_bytes,
                                   .context = &bytes};
    bool ok = try_get(target, name, &request, &head, &cause);
    for (int failures = 1; !ok && failures < TARGET_TRIES; failures++) {
        if (!target_http_is_passing(&head, &cause))
            break;
        pause_for(target, target_http_pause_ms(failures));
        ok = try_get(target, name, &request, &head, &cause);
    }
    free(url);
    if (!ok) {
        const char *doubt = "";
        if (head.store_error == HTTP_STORE_ACCESS_DENIED)
            doubt = "; perhaps it does not exist: only a key that may list the bucket is told";
        free(bytes.data);
        return err_set(err, cause.code, "%s%s", cause.text, doubt);
    }
    *data = bytes.data;
    *size = bytes.size;
    return true;
}

static MUST_CHECK bool try_put(struct target *target, const char *name,
                               const struct http_request *request, const struct http_body *body,
                               struct http_response *head, struct err *err)
{
    *head = (struct http_response){0};
    struct http_transfer *transfer = http_put(target->http, request, body, err);
    return transfer && finish_transfer(target, name, transfer, head, err);
}

bool target_http_put(struct target *target, const char *name, const void *data, size_t size,
                     bool immutable, struct err *err)
{
    uint8_t hash[HASH_BYTES];
    struct http_response head;
    struct err cause = {0};
    char *url = target_join(target->base, name);
    if (!url || !hash_bytes(data, size, hash)) {
        free(url);
        return err_oom(err);
    }
    const struct http_request request = {.url = url, .s3 = target->s3};
    const struct http_body body = {.data = data,
                                   .bytes = (int64_t)size,
                                   .sha256 = hash,
                                   .content_type = target_http_type(name),
                                   .cache_control = target_http_caching(immutable)};
    bool ok = try_put(target, name, &request, &body, &head, &cause);
    for (int failures = 1; !ok && failures < TARGET_TRIES; failures++) {
        if (!target_http_is_passing(&head, &cause))
            break;
        pause_for(target, target_http_pause_ms(failures));
        ok = try_put(target, name, &request, &body, &head, &cause);
    }
    free(url);
    return ok || err_set(err, cause.code, "%s", cause.text);
}

bool target_http_connect(struct target *target, const struct target_config *config, struct err *err)
{
    const struct http_config http = {
        .ca_file = config->ca_file,
        .proxy = config->proxy,
        .client_cert = config->client_cert,
        .client_key = config->client_key,
        .stall_ms = STALL_MS,
    };
    target->http = http_create(&http, err);
    return target->http != NULL;
}

/* A password with a '/', '?' or '#' ends the host too early: the rest of it would be taken for a path,
 * and shown. */
static MUST_CHECK bool check_user(const char *url, struct err *err)
{
    const char *host = strstr(url, "://") + 3;
    if (strchr(host + strcspn(host, "/?#"), '@'))
        return err_set(err, ERR_INPUT, "the address has an @ after the host: %s", IN_A_PASSWORD);
    return true;
}

static MUST_CHECK bool set_server_address(struct target *target, const char *url, struct err *err)
{
    struct err cause = {0};
    target->base = http_url_clean(url, &cause);
    if (!target->base && strchr(url, '@'))
        return err_set(err, cause.code, "%s; %s", cause.text, IN_A_PASSWORD);
    if (!target->base)
        return err_set(err, cause.code, "%s", cause.text);
    if (strchr(target->base, '?'))
        return err_set(err, ERR_INPUT, "an address to publish to cannot have a query (?)");
    target->base = target_end_with_slash(target->base);
    target->shown = calloc(1, HTTP_URL_BYTES_MAX + 1);
    if (!target->base || !target->shown)
        return err_oom(err);
    http_url_public(target->base, target->shown, HTTP_URL_BYTES_MAX + 1);
    return true;
}

/* Whether a password would go over a network as it is. On this machine alone (a tunnel) it does
 * not. */
static bool exposes_password(const char *base)
{
    struct in_addr address;
    char host[INET_ADDRSTRLEN + 1];
    if (strncasecmp(base, "http://", 7) != 0)
        return false;
    const char *user = base + 7, *end = user + strcspn(user, "/?#");
    const char *at = memchr(user, '@', (size_t)(end - user));
    if (!at || !memchr(user, ':', (size_t)(at - user)))
        return false;
    size_t length = at[1] == '[' ? strcspn(at, "]") : strcspn(at + 1, ":/?#");
    if (length >= sizeof host)
        return true;
    memcpy(host, at + 1, length);
    host[length] = '\0';
    bool is_own = strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
                  (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
    return !is_own;
}

static MUST_CHECK bool open_server(struct target *target, const struct target_config *config,
                                   struct err *err)
{
    if (!check_user(config->base, err) || !set_server_address(target, config->base, err))
        return false;
    if (exposes_password(target->base))
        log_warn("password is sent unencrypted, use https to=%s", target->shown);
    return target_http_connect(target, config, err);
}

const struct target_ops target_http_ops = {
    .open = open_server,
    .get = target_http_get,
    .put = target_http_put,
    .look = target_upload_look,
    .put_files = target_upload_files,
    .advise = advise_server,
};
