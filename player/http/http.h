/* HTTP: several GETs, HEADs and PUTs at once, without ever waiting for one (libcurl's multi
 * interface), and the URL arithmetic they need.
 *
 * A `struct http` and its transfers belong to one thread; http_wake and the URL functions may be
 * called from any. Only http and https are spoken, redirects included (at most three, never from
 * https back to http, and never to a loopback, link-local or unspecified address, except that of
 * the first request itself, port included). PUTs and signed requests follow none. Certificates are
 * verified. Nothing is decompressed, no cookie is kept, no credential file is read; the proxy
 * variables of the environment are honoured where no proxy is given. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

#define HTTP_VALIDATOR_BYTES 256 /* an ETag or a date, with NUL; a longer one counts as absent */
#define HTTP_URL_BYTES_MAX 8192
struct http;
struct http_transfer;

/* Zero or NULL takes the default. */
struct http_config {
    const char *ca_file; /* PEM bundle to verify servers with; default: the system's */
    /* PEM files that show servers who we are; client_key NULL: client_cert holds the key, too. */
    const char *client_cert, *client_key;
    /* For all requests, such as "http://proxy.example.com:3128"; default: the environment's, else
     * none. "none": none, whatever the environment says. */
    const char *proxy;
    int64_t connect_ms; /* for name, connection and TLS; 10,000 */
    /* Slower than that (1,000) for so long (20,000; whole seconds) ends a transfer. */
    int64_t stall_ms, stall_bytes_per_s;
    /* For all capped GETs together, who take turns; NULL or 0: no cap. It may change at any time, and
     * must outlive the requests. What the cap itself makes slow never counts as a stall. */
    const _Atomic int64_t *bandwidth_bytes_per_s;
};

#define HTTP_ADDRESS_BYTES 46 /* INET6_ADDRSTRLEN */

/* Who answered: an address of IPv4 or IPv6 as text and a port, a proxy's where there is one. port
 * 0: not known. */
struct http_peer {
    char address[HTTP_ADDRESS_BYTES];
    int port;
};

/* What signs a request for an S3-compatible store (AWS Signature Version 4). The path of such a URL
 * may hold [A-Za-z0-9._/-] only, and it has no query. */
struct http_s3 {
    const char *region;
    const char *key_id, *secret;
    const char *session_token; /* NULL: none */
};

/* What an S3-compatible store names as the cause of an error. */
enum http_store_error {
    HTTP_STORE_NONE, /* nothing, or something else */
    /* It says so of what is not there, too, to a key that may not list the bucket. */
    HTTP_STORE_ACCESS_DENIED,
    HTTP_STORE_TIME_SKEWED,
};

/* The head of an answer, after redirects. */
struct http_response {
    int status;
    char etag[HTTP_VALIDATOR_BYTES];          /* "" without */
    char last_modified[HTTP_VALIDATOR_BYTES]; /* "" without */
    int64_t content_bytes;                    /* of this body; -1: unknown */
    int64_t range_start;                      /* 206 only: where the body begins in the whole */
    int64_t range_total;                      /* 206 only: length of the whole; -1: unknown */
    int64_t date_ms; /* Unix time by the clock of whoever made the answer; 0: unknown */
    int64_t age_ms;  /* how long caches have had it since; 0 without one */
    enum http_store_error store_error; /* of a request with s3, from http_result only */
    struct http_peer peer;             /* from http_result only */
};

/* Texts are copied, s3's too; NULL or zero leaves a field out. `take` and what says something about
 * a body that comes are for http_get only. */
struct http_request {
    const char *url;
    const char *if_none_match;     /* an ETag */
    const char *if_modified_since; /* a Last-Modified */
    int64_t range_start; /* > 0: only what follows; the answer is 206 from there, or a whole 200 */
    /* An ETag; give it with range_start, unless the hash of the whole decides about the bytes. */
    const char *if_range;
    bool no_cache; /* asks caches on the way to ask the server */
    bool capped;   /* counts under bandwidth_bytes_per_s */
    const struct http_s3 *s3;
    /* Who gave us this URL, which nobody has signed; copied. Then neither the request nor a
     * redirect goes to a loopback, link-local or unspecified address (ERR_TRUST), nor to one of a
     * private network unless the giver is in one, too; except to the very address and port of the
     * giver. What counts is the address that is connected to, whatever name or notation led
     * there. */
    const struct http_peer *from;
    int64_t limit_bytes; /* of the body, > 0 */
    int64_t total_ms;    /* for all of it, connection and redirects included; 0: no bound */
    /* Takes the body of a 200 or 206, piece by piece, at least once even when it is empty. False,
     * with err set, ends the transfer, and http_result gives this err. */
    bool (*take)(void *context, const struct http_response *head, const void *data, size_t size,
                 struct err *err);
    void *context;
};

/* The body of a PUT. Bytes and descriptor are borrowed for the transfer's life; texts are
 * copied. */
struct http_body {
    const void *data;         /* NULL: the first `bytes` of the file behind fd, by pread */
    int fd;                   /* when data is NULL */
    int64_t bytes;            /* >= 0 */
    const uint8_t *sha256;    /* of the body, 32 bytes, copied; needed with s3, else unused */
    const char *content_type; /* NULL leaves a header out, here and below */
    const char *cache_control;
    /* Sees each piece before it goes out, in order; offset 0 begins anew (a connection that had
     * died unseen). False, with err set, ends the transfer before the server has the whole body,
     * and http_result gives this err. Not called for an empty body. NULL is allowed. */
    bool (*pass)(void *context, int64_t offset, const void *data, size_t size, struct err *err);
    void *context;
};

/* NULL config: all defaults. NULL on failure: ERR_SYSTEM, or ERR_INPUT when ca_file, client_cert or
 * client_key can't be read or used (the key fits no certificate, or needs a password). */
struct http *http_create(const struct http_config *config, struct err *err);

/* Every transfer must have been ended. NULL is allowed. */
void http_destroy(struct http *http);

/* The cap as it is now; 0: none. */
int64_t http_bandwidth(const struct http *http);

/* Begin a transfer; nothing moves before http_run. NULL on failure. http_head asks for the head
 * alone: http_result then gives the length of the body as content_bytes. */
struct http_transfer *http_get(struct http *http, const struct http_request *request,
                               struct err *err);
struct http_transfer *http_head(struct http *http, const struct http_request *request,
                                struct err *err);
struct http_transfer *http_put(struct http *http, const struct http_request *request,
                               const struct http_body *body, struct err *err);

/* Moves all transfers for at most timeout_ms; returns sooner when one has moved, after http_wake,
 * or when the watched descriptor can be read. */
MUST_CHECK bool http_run(struct http *http, int64_t timeout_ms, struct err *err);

/* One more descriptor that http_run waits for, and does not read from. Borrowed; -1: none. */
void http_set_watch(struct http *http, int fd);

/* Ends the wait of http_run, or the next one. Any thread. */
void http_wake(struct http *http);

bool http_finished(const struct http_transfer *transfer);

/* How a finished transfer ended. True for GET 200, 206 and, where a condition was sent, 304; HEAD
 * 200; PUT 200, 201, 204. `response`, which may be NULL, is filled as far as known (status 0: no
 * answer). The err text is the same for the same cause and names no URL. Errors: ERR_MISSING (404,
 * 410), ERR_TRUST (certificates, 401, 403), ERR_LIMIT (limit_bytes, 413), ERR_TIMEOUT, ERR_NETWORK
 * (other answers, broken transfers), ERR_INPUT (not http; a PUT's file became shorter), ERR_DISK
 * (it can't be read), or what `take` or `pass` said. */
MUST_CHECK bool http_result(const struct http_transfer *transfer, struct http_response *response,
                            struct err *err);

/* The URL that the answer of a finished transfer came from, after redirects: what its content is
 * relative to (RFC 3986, 5.1.3). With the user and password of the request where it is on the same
 * server. The caller frees; NULL when out of memory. */
char *http_final_url(const struct http_transfer *transfer);

/* Ends a transfer, finished or not, and frees it. NULL is allowed. */
void http_end(struct http_transfer *transfer);

/* True for a text that begins with http:// or https://, in any case. */
bool http_is_url(const char *text);

/* The absolute, normalised form of what an operator wrote: spaces and UTF-8 in path and query are
 * percent-encoded, a fragment is dropped. The caller frees. NULL: ERR_INPUT when it is no http or
 * https URL. */
char *http_url_clean(const char *text, struct err *err);

/* `reference` (a URL, or relative) against `base`, a clean URL (RFC 3986, section 5). The caller
 * frees. NULL: ERR_INPUT; ERR_TRUST where it would leave https for http. */
char *http_url_resolve(const char *base, const char *reference, struct err *err);

/* The same for a '/' separated path of plain bytes: whatever could be taken for syntax is
 * percent-encoded first. ERR_LIMIT: longer than HTTP_URL_BYTES_MAX. */
char *http_url_resolve_path(const char *base, const char *path, struct err *err);

/* The URL for people and logs: without user, password, query and fragment, where secrets live. Cut
 * to fit. */
void http_url_public(const char *url, char *text, size_t text_bytes);

#endif
