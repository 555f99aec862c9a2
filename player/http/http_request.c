/* Requests: headers, bodies, signatures, and where redirects may lead. */
#include "http/http_internal.h"

#include "base/hash.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define NO_BODY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

__attribute__((format(printf, 2, 3))) static bool add_header(struct http_transfer *t,
                                                             const char *format, ...)
{
    char *line = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&line, format, args);
    va_end(args);
    if (length < 0)
        return false;
    struct curl_slist *longer = curl_slist_append(t->headers, line);
    free(line);
    if (!longer)
        return false;
    t->headers = longer;
    return true;
}

static bool add_headers(struct http_transfer *t, const struct http_request *request,
                        const struct http_body *body)
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
    if (request->no_cache)
        ok = add_header(t, "Cache-Control: no-cache") && ok;
    if (body && body->content_type)
        ok = add_header(t, "Content-Type: %s", body->content_type) && ok;
    if (body && body->cache_control)
        ok = add_header(t, "Cache-Control: %s", body->cache_control) && ok;
    return ok;
}

/* libcurl signs; the hash of the body it can't know before the body has gone. */
static bool sign_request(struct http_transfer *t, const struct http_s3 *s3,
                         const struct http_body *body)
{
    char hash[HASH_TEXT_BYTES] = NO_BODY_SHA256;
    char *scheme = NULL;
    if (body)
        hash_to_text(body->sha256, hash);
    bool ok = add_header(t, "x-amz-content-sha256: %s", hash);
    if (s3->session_token)
        ok = add_header(t, "x-amz-security-token: %s", s3->session_token) && ok;
    if (asprintf(&scheme, "aws:amz:%s:s3", s3->region) < 0)
        return false;
    ok = ok && curl_easy_setopt(t->easy, CURLOPT_AWS_SIGV4, scheme) == CURLE_OK &&
         curl_easy_setopt(t->easy, CURLOPT_USERNAME, s3->key_id) == CURLE_OK &&
         curl_easy_setopt(t->easy, CURLOPT_PASSWORD, s3->secret) == CURLE_OK;
    free(scheme);
    return ok;
}

/* Before each request of a transfer, connected already. A web server must not be able to send a
 * player to the services of its own machine or to a cloud's metadata; only where the first request
 * went, to the same address and port (a proxy's where there is one), may the others go, too. What
 * an unsigned playlist names is bound by where that came from. */
static int on_request(void *context, char *address, char *own_address, int port, int own_port)
{
    struct http_transfer *t = context;
    (void)own_address, (void)own_port;
    long redirects = 0;
    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_COUNT, &redirects);
    snprintf(t->last.address, sizeof t->last.address, "%s", address);
    t->last.port = port;
    if (redirects == 0)
        t->first = t->last;
    if (t->has_from && !http_peer_may_name(&t->from, &t->last)) {
        err_set(&t->err, ERR_TRUST,
                "it leads to this machine or into a private network, where the playlist did not "
                "come from");
        return CURL_PREREQFUNC_ABORT;
    }
    bool same = strcmp(address, t->first.address) == 0 && port == t->first.port;
    if (t->has_from || same || !http_peer_is_this_machine(address))
        return CURL_PREREQFUNC_OK;
    err_set(&t->err, ERR_NETWORK, "redirected to this machine");
    return CURL_PREREQFUNC_ABORT;
}

/* The next bytes of a file; 0 with t->err set where there are none. */
static size_t read_body_file(struct http_transfer *t, char *to, size_t size)
{
    ssize_t got;
    do
        got = pread(t->body.fd, to, size, t->body_offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        err_set_errno(&t->err, ERR_DISK, errno, "cannot read the file");
    else if (got == 0)
        err_set(&t->err, ERR_INPUT, "the file became shorter");
    return got > 0 ? (size_t)got : 0;
}

static size_t on_send(char *to, size_t one, size_t capacity, void *context)
{
    struct http_transfer *t = context;
    const struct http_body *body = &t->body;
    int64_t left = body->bytes - t->body_offset;
    size_t size = left < (int64_t)(one * capacity) ? (size_t)left : one * capacity;
    if (size == 0)
        return 0;
    if (body->data)
        memcpy(to, (const char *)body->data + t->body_offset, size);
    else if ((size = read_body_file(t, to, size)) == 0)
        return CURL_READFUNC_ABORT;
    if (body->pass && !body->pass(body->context, t->body_offset, to, size, &t->err))
        return CURL_READFUNC_ABORT;
    t->body_offset += (int64_t)size;
    return size;
}

/* libcurl begins a body anew where a connection that it wanted to reuse turns out to be dead. */
static int on_rewind(void *context, curl_off_t offset, int origin)
{
    struct http_transfer *t = context;
    if (origin != SEEK_SET || offset != 0)
        return CURL_SEEKFUNC_CANTSEEK;
    t->body_offset = 0;
    return CURL_SEEKFUNC_OK;
}

static void set_body_options(struct http_transfer *t)
{
    curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(t->easy, CURLOPT_UPLOAD_BUFFERSIZE, 262144L);
    curl_easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->body.bytes);
    curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION, on_rewind);
    curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t);
}

static void set_tls_options(struct http_transfer *t)
{
    const struct http *http = t->http;
    if (http->ca_file) {
        curl_easy_setopt(t->easy, CURLOPT_CAINFO, http->ca_file);
        /* Debian's libcurl also looks into /etc/ssl/certs unless told not to: a given file is all
         * that is trusted. */
        curl_easy_setopt(t->easy, CURLOPT_CAPATH, NULL);
    }
    if (http->client_cert) {
        curl_easy_setopt(t->easy, CURLOPT_SSLCERT, http->client_cert);
        curl_easy_setopt(t->easy, CURLOPT_SSLKEY,
                         http->client_key ? http->client_key : http->client_cert);
        /* Files may be exchanged later; without this, OpenSSL would ask the terminal. */
        curl_easy_setopt(t->easy, CURLOPT_KEYPASSWD, "");
    }
}

/* An empty proxy means none to libcurl, and none given the environment's. */
static void set_proxy_option(struct http_transfer *t)
{
    const char *proxy = t->http->proxy;
    if (proxy)
        curl_easy_setopt(t->easy, CURLOPT_PROXY, strcmp(proxy, "none") == 0 ? "" : proxy);
}

static void set_address_options(struct http_transfer *t, bool secure)
{
    CURL *easy = t->easy;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    /* A body goes where it was sent, and a signature holds for one address (libcurl would also hand
     * a session token on to any other host). */
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, t->method == HTTP_PUT || t->is_signed ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, HTTP_REDIRECTS_MAX);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
}

static void set_options(struct http_transfer *t)
{
    CURL *easy = t->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Duckling/" DUCKLING_VERSION);
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
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, http_rate_limit_buffer_bytes(t));
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->words);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_response_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_response_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, http_response_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, t);
    if (t->method == HTTP_HEAD)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (t->method == HTTP_PUT)
        set_body_options(t);
}

static struct http_transfer *create_transfer(struct http *http, enum http_method method,
                                             const struct http_request *request,
                                             const struct http_body *body, struct err *err)
{
    struct http_transfer *t = calloc(1, sizeof *t);
    if (!t)
        goto fail;
    t->http = http;
    t->method = method;
    t->take = request->take;
    t->take_context = request->context;
    t->limit_bytes = request->limit_bytes;
    t->range_start = request->range_start;
    t->total_ms = request->total_ms;
    t->conditional = request->if_none_match || request->if_modified_since;
    t->is_signed = request->s3 != NULL;
    t->has_from = request->from != NULL;
    if (request->from)
        t->from = *request->from;
    t->capped = request->capped && http->bandwidth_bytes_per_s;
    t->stall_bytes_per_s = http->stall_bytes_per_s;
    if (body)
        t->body = *body;
    CURL *easy = curl_easy_init();
    if (!easy)
        goto fail;
    t->easy = easy;
    t->url = strdup(request->url);
    if (!t->url || !add_headers(t, request, body) ||
        curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK ||
        (request->s3 && !sign_request(t, request->s3, body)))
        goto fail;
    set_options(t);
    set_tls_options(t);
    set_proxy_option(t);
    set_address_options(t, strncasecmp(request->url, "https:", 6) == 0);
    if (curl_multi_add_handle(http->multi, easy) != CURLM_OK)
        goto fail;
    http_rate_limit_join(t);
    return t;

fail:
    http_end(t);
    err_oom(err);
    return NULL;
}

struct http_transfer *http_get(struct http *http, const struct http_request *request,
                               struct err *err)
{
    return create_transfer(http, HTTP_GET, request, NULL, err);
}

struct http_transfer *http_head(struct http *http, const struct http_request *request,
                                struct err *err)
{
    return create_transfer(http, HTTP_HEAD, request, NULL, err);
}

struct http_transfer *http_put(struct http *http, const struct http_request *request,
                               const struct http_body *body, struct err *err)
{
    return create_transfer(http, HTTP_PUT, request, body, err);
}
