#include "base/http.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define REDIRECTS_MAX 3L
#define HEAD_BYTES_MAX 65536 /* of all answers of one transfer */
#define UNWANTED_BYTES_MAX                                                                         \
    65536 /* of an error page: read, so that the connection can be used again */
#define REDIRECT_BYTES_MAX                                                                         \
    262144 /* libcurl reads and drops a redirect's body without a limit of its own */

struct http {
    CURLM *multi;
    char *ca_file;
    long connect_ms, stall_s, stall_bytes_per_s;
};

struct http_transfer {
    struct http *http;
    CURL *easy;
    struct curl_slist *headers;
    bool (*take)(void *, const struct http_response *, const void *, size_t, struct err *);
    void *take_context;
    int64_t limit_bytes, range_start, total_ms;
    bool conditional;
    struct http_response response;
    int64_t body_bytes, head_bytes;
    bool body_begun;
    bool cut; /* the rest of an error page was not wanted */
    bool finished;
    CURLcode result;
    struct err err; /* ours, or take's; code ERR_NONE: none */
    char words[CURL_ERROR_SIZE];
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result; /* written once, by global_init */

static void global_init(void)
{
    global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct http *http_create(const struct http_config *config, struct err *err)
{
    static const struct http_config defaults;
    const struct http_config *c = config ? config : &defaults;
    pthread_once(&global_once, global_init);
    if (c->ca_file && access(c->ca_file, R_OK) < 0) {
        err_set(err, ERR_INPUT, "certificate file %s can't be read", c->ca_file);
        return NULL;
    }
    struct http *http = calloc(1, sizeof *http);
    if (http && global_result == CURLE_OK)
        http->multi = curl_multi_init();
    if (http && c->ca_file)
        http->ca_file = strdup(c->ca_file);
    if (!http || !http->multi || (c->ca_file && !http->ca_file)) {
        http_destroy(http);
        err_set(err, ERR_SYSTEM, "out of memory");
        return NULL;
    }
    http->connect_ms = c->connect_ms ? (long)c->connect_ms : 10000;
    http->stall_s = c->stall_ms ? (long)((c->stall_ms + 999) / 1000) : 20;
    http->stall_bytes_per_s = c->stall_bytes_per_s ? (long)c->stall_bytes_per_s : 1000;
    return http;
}

void http_destroy(struct http *http)
{
    if (!http)
        return;
    curl_multi_cleanup(http->multi);
    free(http->ca_file);
    free(http);
}

/* Keeps what can be sent back as it is: one line of printable text. */
static void keep_validator(char *to, const char *value, size_t length)
{
    to[0] = '\0';
    if (length >= HTTP_VALIDATOR_BYTES)
        return;
    for (size_t i = 0; i < length; i++)
        if (value[i] < 0x20 || value[i] > 0x7e)
            return;
    memcpy(to, value, length);
    to[length] = '\0';
}

/* A number of at most 18 digits, and what follows it; NULL where there is none. */
static const char *read_number(const char *text, int64_t *number)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18)
        return NULL;
    *number = (int64_t)strtoll(text, NULL, 10);
    return text + digits;
}

/* "bytes 100-199/200", or with "*" for the whole's length. */
static void keep_range(struct http_response *response, const char *value, size_t length)
{
    char text[128];
    int64_t first, last, total;
    if (length >= sizeof text)
        return;
    memcpy(text, value, length);
    text[length] = '\0';
    const char *at = strncmp(text, "bytes ", 6) == 0 ? read_number(text + 6, &first) : NULL;
    at = at && *at == '-' ? read_number(at + 1, &last) : NULL;
    if (!at || *at != '/' || last < first)
        return;
    response->range_start = first;
    response->range_total = read_number(at + 1, &total) ? total : -1;
}

static void keep_header(struct http_response *response, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    if (!colon)
        return;
    size_t name = (size_t)(colon - line);
    const char *value = colon + 1, *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && strchr("\r\n\t ", end[-1]))
        end--;
    size_t size = (size_t)(end - value);
    if (name == 4 && strncasecmp(line, "etag", name) == 0)
        keep_validator(response->etag, value, size);
    else if (name == 13 && strncasecmp(line, "last-modified", name) == 0)
        keep_validator(response->last_modified, value, size);
    else if (name == 13 && strncasecmp(line, "content-range", name) == 0)
        keep_range(response, value, size);
}

static size_t on_header(char *line, size_t one, size_t length, void *context)
{
    struct http_transfer *t = context;
    t->head_bytes += (int64_t)length;
    if (t->head_bytes > HEAD_BYTES_MAX) {
        err_set(&t->err, ERR_LIMIT, "the answer's headers are over %d bytes", HEAD_BYTES_MAX);
        return 0;
    }
    if (t->body_begun) /* a trailer says nothing that we ask for */
        return one * length;
    if (length > 5 && strncmp(line, "HTTP/", 5) == 0)
        t->response =
            (struct http_response){.content_bytes = -1, .range_start = -1, .range_total = -1};
    else
        keep_header(&t->response, line, length);
    return one * length;
}

/* Once for each answer that has a body of interest. */
static bool check_head(struct http_transfer *t)
{
    struct http_response *r = &t->response;
    curl_off_t content_bytes = -1;
    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &content_bytes);
    r->content_bytes = content_bytes;
    if (r->status == 206 && (t->range_start == 0 || r->range_start != t->range_start))
        return err_set(&t->err, ERR_NETWORK, "the server sent another part than was asked for");
    if (r->content_bytes > t->limit_bytes)
        return err_set(&t->err, ERR_LIMIT, "larger than the %" PRId64 " bytes allowed",
                       t->limit_bytes);
    return true;
}

static bool take_body(struct http_transfer *t, const void *data, size_t size)
{
    if (!t->body_begun) {
        t->body_begun = true;
        if (!check_head(t))
            return false;
    }
    t->body_bytes += (int64_t)size;
    if (t->body_bytes > t->limit_bytes)
        return err_set(&t->err, ERR_LIMIT, "larger than the %" PRId64 " bytes allowed",
                       t->limit_bytes);
    return t->take(t->take_context, &t->response, data, size, &t->err);
}

static void read_status(struct http_transfer *t)
{
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    t->response.status = (int)status;
}

static bool is_wanted(const struct http_transfer *t)
{
    return t->response.status == 200 || t->response.status == 206;
}

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
    struct http_transfer *t = context;
    (void)one; /* always 1 */
    read_status(t);
    if (is_wanted(t))
        return take_body(t, data, size) ? size : 0;
    t->body_begun = true;
    t->body_bytes += (int64_t)size;
    t->cut = t->body_bytes > UNWANTED_BYTES_MAX;
    return t->cut ? 0 : size;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up)
{
    struct http_transfer *t = context;
    (void)total, (void)up_total, (void)up;
    if (t->body_begun || now <= REDIRECT_BYTES_MAX)
        return 0;
    err_set(&t->err, ERR_LIMIT, "a redirect with more than %d bytes of text", REDIRECT_BYTES_MAX);
    return 1;
}

__attribute__((format(printf, 2, 3))) static bool add_header(struct http_transfer *t,
                                                             const char *format, ...)
{
    char line[HTTP_VALIDATOR_BYTES + 64];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= sizeof line)
        return false;
    struct curl_slist *longer = curl_slist_append(t->headers, line);
    if (!longer)
        return false;
    t->headers = longer;
    return true;
}

static bool add_conditions(struct http_transfer *t, const struct http_request *request)
{
    bool ok = true;
    if (request->if_none_match)
        ok = add_header(t, "If-None-Match: %s", request->if_none_match) && ok;
    if (request->if_modified_since)
        ok = add_header(t, "If-Modified-Since: %s", request->if_modified_since) && ok;
    if (request->if_range)
        ok = add_header(t, "If-Range: %s", request->if_range) && ok;
    if (request->range_start > 0)
        ok = add_header(t, "Range: bytes=%" PRId64 "-", request->range_start) && ok;
    return ok;
}

static void set_options(struct http_transfer *t, bool secure)
{
    CURL *easy = t->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Duckling/" DUCKLING_VERSION);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    /* One connection, one file: a cut is then always seen, and one slow medium does not hold up the
     * others. */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, t->http->connect_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, t->http->stall_bytes_per_s);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, t->http->stall_s);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)t->total_ms); /* 0: none */
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Without it, ending a transfer waits for a name server that does not answer. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 65536L);
    if (t->http->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, t->http->ca_file);
        /* Debian's libcurl also looks into /etc/ssl/certs unless told not to: a given file is all
         * that is trusted. */
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->words);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, t);
}

struct http_transfer *http_get(struct http *http, const struct http_request *request,
                               struct err *err)
{
    struct http_transfer *t = calloc(1, sizeof *t);
    if (!t)
        goto fail;
    t->http = http;
    t->take = request->take;
    t->take_context = request->context;
    t->limit_bytes = request->limit_bytes;
    t->range_start = request->range_start;
    t->total_ms = request->total_ms;
    t->conditional = request->if_none_match || request->if_modified_since;
    CURL *easy = curl_easy_init();
    if (!easy || !add_conditions(t, request) ||
        curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK) {
        curl_easy_cleanup(easy);
        goto fail;
    }
    t->easy = easy;
    set_options(t, strncasecmp(request->url, "https:", 6) == 0);
    if (curl_multi_add_handle(http->multi, easy) != CURLM_OK)
        goto fail;
    return t;

fail:
    http_end(t);
    err_set(err, ERR_SYSTEM, "out of memory");
    return NULL;
}

/* Sorts out what libcurl says is done; true if there was any. */
static bool harvest(struct http *http)
{
    bool any = false;
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(http->multi, &left));) {
        if (m->msg != CURLMSG_DONE)
            continue;
        char *private_data = NULL;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private_data);
        struct http_transfer *t = (struct http_transfer *)(void *)private_data;
        t->result = m->data.result;
        t->finished = any = true;
        read_status(t);
        if (t->result == CURLE_OK && is_wanted(t) && !t->body_begun)
            take_body(t, "", 0);
    }
    return any;
}

bool http_run(struct http *http, int64_t timeout_ms, struct err *err)
{
    int running;
    CURLMcode code = curl_multi_perform(http->multi, &running);
    if (code == CURLM_OK && harvest(http))
        return true;
    if (code == CURLM_OK)
        code = curl_multi_poll(http->multi, NULL, 0, (int)timeout_ms, NULL);
    if (code == CURLM_OK)
        code = curl_multi_perform(http->multi, &running);
    if (code != CURLM_OK)
        return err_set(err, ERR_SYSTEM, "%s", curl_multi_strerror(code));
    harvest(http);
    return true;
}

void http_wake(struct http *http)
{
    curl_multi_wakeup(http->multi);
}

bool http_finished(const struct http_transfer *transfer)
{
    return transfer->finished;
}

/* libcurl has one code for all that takes too long. */
static bool timeout_error(const struct http_transfer *t, struct err *err)
{
    curl_off_t connected_us = 0, total_us = 0;
    curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
    curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    if (connected_us == 0)
        return err_set(err, ERR_TIMEOUT, "no connection in time");
    if (t->total_ms > 0 && total_us / 1000 >= t->total_ms)
        return err_set(err, ERR_TIMEOUT, "not complete within %" PRId64 " ms", t->total_ms);
    return err_set(err, ERR_TIMEOUT, "stalled: slower than %ld bytes/s for %ld s",
                   t->http->stall_bytes_per_s, t->http->stall_s);
}

/* Our own words where libcurl's hold a count or a time: the same cause must read the same each
 * time. */
static bool result_error(const struct http_transfer *t, struct err *err)
{
    switch ((int)t->result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return err_set(err, ERR_NETWORK, "no such host, or no name server");
    case CURLE_COULDNT_CONNECT:
        return err_set(err, ERR_NETWORK, "can't connect");
    case CURLE_OPERATION_TIMEDOUT:
        return timeout_error(t, err);
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return err_set(err, ERR_NETWORK, "the connection broke off");
    case CURLE_UNSUPPORTED_PROTOCOL:
        return err_set(err, ERR_NETWORK, "redirected to an address that is not allowed");
    case CURLE_TOO_MANY_REDIRECTS:
        return err_set(err, ERR_NETWORK, "more than %ld redirects", REDIRECTS_MAX);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return err_set(err, ERR_TRUST, "%s",
                       t->words[0] ? t->words : curl_easy_strerror(t->result));
    case CURLE_SSL_CACERT_BADFILE:
        return err_set(err, ERR_INPUT, "%s holds no certificates",
                       t->http->ca_file ? t->http->ca_file : "the system's store");
    default:
        return err_set(err, ERR_NETWORK, "%s", curl_easy_strerror(t->result));
    }
}

bool http_result(const struct http_transfer *transfer, struct http_response *response,
                 struct err *err)
{
    const struct http_transfer *t = transfer;
    if (response)
        *response = t->response;
    if (t->err.code != ERR_NONE)
        return err_set(err, t->err.code, "%s", t->err.text);
    if (t->result != CURLE_OK && !t->cut)
        return result_error(t, err);
    if (is_wanted(t) || (t->response.status == 304 && t->conditional))
        return true;
    bool missing = t->response.status == 404 || t->response.status == 410;
    return err_set(err, missing ? ERR_MISSING : ERR_NETWORK, "the server answered %d",
                   t->response.status);
}

void http_end(struct http_transfer *transfer)
{
    if (!transfer)
        return;
    if (transfer->easy) {
        curl_multi_remove_handle(transfer->http->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
    }
    curl_slist_free_all(transfer->headers);
    free(transfer);
}

bool http_is_url(const char *text)
{
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

/* The text of a handle that holds an http or https URL; malloc'd. */
static char *clean_text(CURLU *handle, struct err *err)
{
    char *text = NULL, *copy = NULL;
    if (curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
        curl_url_get(handle, CURLUPART_URL, &text, 0) == CURLUE_OK) {
        if (!http_is_url(text))
            err_set(err, ERR_INPUT, "not an http or https address");
        else if (strlen(text) > HTTP_URL_BYTES_MAX)
            err_set(err, ERR_LIMIT, "the address is over %d bytes", HTTP_URL_BYTES_MAX);
        else if (!(copy = strdup(text)))
            err_set(err, ERR_SYSTEM, "out of memory");
    } else {
        err_set(err, ERR_SYSTEM, "out of memory");
    }
    curl_free(text);
    return copy;
}

char *http_url_resolve(const char *base, const char *reference, struct err *err)
{
    /* libcurl encodes what is above ASCII, and spaces, only when it is told to. */
    unsigned flags = CURLU_URLENCODE | CURLU_ALLOW_SPACE;
    CURLU *handle = curl_url();
    CURLUcode code = CURLUE_OUT_OF_MEMORY;
    char *text = NULL;
    if (handle)
        code = base ? curl_url_set(handle, CURLUPART_URL, base, flags) : CURLUE_OK;
    if (code == CURLUE_OK)
        code = curl_url_set(handle, CURLUPART_URL, reference, flags);
    if (code == CURLUE_OK)
        text = clean_text(handle, err);
    else
        err_set(err, code == CURLUE_OUT_OF_MEMORY ? ERR_SYSTEM : ERR_INPUT, "%s",
                curl_url_strerror(code));
    curl_url_cleanup(handle);
    if (text && base && strncasecmp(base, "https:", 6) == 0 &&
        strncasecmp(text, "https:", 6) != 0) {
        free(text);
        text = NULL;
        err_set(err, ERR_TRUST, "leads from https to http");
    }
    return text;
}

char *http_url_clean(const char *text, struct err *err)
{
    return http_url_resolve(NULL, text, err);
}

char *http_url_resolve_path(const char *base, const char *path, struct err *err)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    static const char digits[] = "0123456789ABCDEF";
    size_t length = strlen(path);
    char *encoded = length <= HTTP_URL_BYTES_MAX ? malloc(3 * length + 1) : NULL;
    if (!encoded) {
        err_set(err, ERR_SYSTEM, "out of memory, or a path that is too long");
        return NULL;
    }
    char *to = encoded;
    for (const char *c = path; *c; c++) {
        if (strchr(plain, *c)) {
            *to++ = *c;
            continue;
        }
        *to++ = '%';
        *to++ = digits[(unsigned char)*c >> 4];
        *to++ = digits[(unsigned char)*c & 15];
    }
    *to = '\0';
    char *text = http_url_resolve(base, encoded, err);
    free(encoded);
    return text;
}

void http_url_public(const char *url, char *text, size_t text_bytes)
{
    CURLU *handle = curl_url();
    char *shown = NULL;
    if (handle && curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK) {
        static const CURLUPart secret[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
                                           CURLUPART_QUERY, CURLUPART_FRAGMENT};
        bool ok = true;
        for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
            ok = curl_url_set(handle, secret[i], NULL, 0) == CURLUE_OK && ok;
        if (!ok || curl_url_get(handle, CURLUPART_URL, &shown, 0) != CURLUE_OK)
            shown = NULL;
    }
    snprintf(text, text_bytes, "%s", shown ? shown : "an address that can't be read");
    curl_free(shown);
    curl_url_cleanup(handle);
}
