/* Errors: what went wrong, and where, in words for an operator.
 *
 * A function that can fail returns bool, which must be checked, and takes `struct err *` as its
 * last parameter. The caller owns the object; it needs no freeing. NULL is allowed where the
 * caller only needs to know that it failed. Any thread. */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stdbool.h>

/* The compiler warns when the result of such a function is not checked. */
#define MUST_CHECK __attribute__((warn_unused_result))

#define ERR_TEXT_BYTES 640

enum err_code {
    ERR_NONE,
    ERR_INPUT,   /* a file, playlist or argument is wrong: trying again won't help */
    ERR_MISSING, /* there is no such file or resource */
    ERR_LIMIT,   /* larger, deeper or longer than the player allows */
    ERR_SYSTEM,  /* the operating system refused: memory, descriptors, permissions */
    ERR_DISK,    /* the disk is full or failing */
    ERR_NETWORK, /* no route, no answer, broken transfer: trying again may help */
    ERR_TRUST,   /* a certificate, signature or hash does not verify */
    ERR_TIMEOUT,
    ERR_WORKER,  /* a worker process crashed or broke the protocol */
    ERR_SANDBOX, /* a worker process made a system call that its sandbox forbids */
    ERR_KILLED,  /* another process ended it, perhaps because memory ran out, or kept it from
                    running */
    ERR_USAGE,   /* an option is wrong: the command line, not what it names */
    ERR_CONFIG,  /* the configuration is wrong, or can't be read */
};

struct err {
    enum err_code code;
    char text[ERR_TEXT_BYTES]; /* no line end, no full stop */
};

/* Sets code and text; always returns false, so that `return err_set(...)` reads well. */
__attribute__((format(printf, 3, 4))) bool err_set(struct err *err, enum err_code code,
                                                   const char *format, ...);

/* As err_set, with ": " and the description of errno_value appended. */
__attribute__((format(printf, 4, 5))) bool err_set_errno(struct err *err, enum err_code code,
                                                         int errno_value, const char *format, ...);

/* Out of memory: ERR_SYSTEM, always with the same text. Returns false. */
bool err_oom(struct err *err);

/* Puts context before the text of an error that is passed up: "opening playlist: ". Returns
 * false. */
__attribute__((format(printf, 2, 3))) bool err_prefix(struct err *err, const char *format, ...);

#endif
