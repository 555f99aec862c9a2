#include "http/http_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result; /* written once, by init_libcurl */

static void init_libcurl(void)
{
    global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* NULL stays NULL. */
static bool copy_config_text(char **to, const char *text)
{
    *to = text ? strdup(text) : NULL;
    return *to || !text;
}

static MUST_CHECK bool check_certificate_files(const struct http_config *c, struct err *err)
{
    if (c->ca_file && access(c->ca_file, R_OK) < 0)
        return err_set(err, ERR_INPUT, "cannot read the certificate file %s", c->ca_file);
    if (c->client_key && !c->client_cert)
        return err_set(err, ERR_INPUT, "a client key is given without its certificate");
    if (!c->client_cert)
        return true;
    return http_client_cert_check(c->client_cert, c->client_key ? c->client_key : c->client_cert,
                                  err);
}

struct http *http_create(const struct http_config *config, struct err *err)
{
    static const struct http_config defaults;
    const struct http_config *c = config ? config : &defaults;
    pthread_once(&global_once, init_libcurl);
    if (!check_certificate_files(c, err))
        return NULL;
    struct http *http = calloc(1, sizeof *http);
    if (http && global_result == CURLE_OK)
        http->multi = curl_multi_init();
    if (!http || !http->multi || !copy_config_text(&http->ca_file, c->ca_file) ||
        !copy_config_text(&http->client_cert, c->client_cert) ||
        !copy_config_text(&http->client_key, c->client_key) ||
        !copy_config_text(&http->proxy, c->proxy)) {
        http_destroy(http);
        err_oom(err);
        return NULL;
    }
    http->connect_ms = c->connect_ms ? (long)c->connect_ms : 10000;
    http->stall_s = c->stall_ms ? (long)((c->stall_ms + 999) / 1000) : 20;
    http->stall_bytes_per_s = c->stall_bytes_per_s ? (long)c->stall_bytes_per_s : 1000;
    http->bandwidth_bytes_per_s = c->bandwidth_bytes_per_s;
    http->watch_fd = -1;
    return http;
}

void http_destroy(struct http *http)
{
    if (!http)
        return;
    curl_multi_cleanup(http->multi);
    free(http->ca_file);
    free(http->client_cert);
    free(http->client_key);
    free(http->proxy);
    free(http);
}

/* Takes the results of transfers that have finished; true if there were any. */
static bool take_finished(struct http *http)
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
        http_rate_limit_leave(t);
        http_response_end(t);
    }
    return any;
}

bool http_run(struct http *http, int64_t timeout_ms, struct err *err)
{
    int running;
    struct curl_waitfd watch = {.fd = http->watch_fd, .events = CURL_WAIT_POLLIN};
    bool ended = http_rate_limit_resume(http);
    CURLMcode code = curl_multi_perform(http->multi, &running);
    if (code == CURLM_OK && (take_finished(http) || ended))
        return true;
    int64_t share_ms = http_rate_limit_due_ms(http);
    int wait_ms = (int)(share_ms < timeout_ms ? share_ms : timeout_ms);
    if (code == CURLM_OK)
        code = curl_multi_poll(http->multi, &watch, http->watch_fd >= 0, wait_ms, NULL);
    http_rate_limit_resume(http);
    if (code == CURLM_OK)
        code = curl_multi_perform(http->multi, &running);
    if (code != CURLM_OK)
        return err_set(err, ERR_SYSTEM, "libcurl failed: %s", curl_multi_strerror(code));
    take_finished(http);
    return true;
}

void http_set_watch(struct http *http, int fd)
{
    http->watch_fd = fd;
}

void http_wake(struct http *http)
{
    curl_multi_wakeup(http->multi);
}

bool http_finished(const struct http_transfer *transfer)
{
    return transfer->finished;
}

void http_end(struct http_transfer *transfer)
{
    if (!transfer)
        return;
    http_rate_limit_leave(transfer);
    if (transfer->easy) {
        curl_multi_remove_handle(transfer->http->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
    }
    curl_slist_free_all(transfer->headers);
    free(transfer->url);
    free(transfer);
}
