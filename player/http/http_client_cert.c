/* A client certificate and its key, checked once before the first transfer: libcurl would only
 * say that a connection failed, and OpenSSL would ask the terminal for a password. */
#include "http/http_internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

static int no_password(char *text, int text_bytes, int writing, void *context)
{
    bool *asked = context;
    (void)text, (void)text_bytes, (void)writing;
    *asked = true;
    return -1;
}

static X509 *read_certificate(const char *path, struct err *err)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        err_set(err, ERR_INPUT, "cannot read the client certificate %s", path);
        return NULL;
    }
    bool asked = false;
    X509 *certificate = PEM_read_X509(file, NULL, no_password, &asked);
    if (!certificate)
        err_set(err, ERR_INPUT, "%s holds no PEM certificate", path);
    fclose(file);
    return certificate;
}

static EVP_PKEY *read_key(const char *path, struct err *err)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        err_set(err, ERR_INPUT, "cannot read the client key %s", path);
        return NULL;
    }
    bool asked = false;
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, no_password, &asked);
    if (!key && asked)
        err_set(err, ERR_INPUT, "client key %s has a password: give a key without one", path);
    else if (!key)
        err_set(err, ERR_INPUT, "%s holds no PEM private key", path);
    fclose(file);
    return key;
}

bool http_client_cert_check(const char *cert_file, const char *key_file, struct err *err)
{
    bool ok = false;
    EVP_PKEY *key = NULL;
    X509 *certificate = read_certificate(cert_file, err);
    if (certificate && (key = read_key(key_file, err))) {
        ok = X509_check_private_key(certificate, key) == 1;
        if (!ok)
            err_set(err, ERR_INPUT, "client key %s does not belong to certificate %s", key_file,
                    cert_file);
    }
    EVP_PKEY_free(key);
    X509_free(certificate);
    ERR_clear_error(); /* libcurl would take what is left there for its own */
    return ok;
}
