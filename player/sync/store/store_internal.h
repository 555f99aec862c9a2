/* Private to the store's files (store.c, store_part.c, store_evict.c). */
#ifndef SYNC_STORE_STORE_INTERNAL_H
#define SYNC_STORE_STORE_INTERNAL_H

#include "sync/store/store.h"

struct store {
    char folder[PATH_MAX - 256]; /* so that every path in the store fits PATH_MAX */
    char boot[64];               /* of this start of the machine; "" unknown */
    char read_only[ERR_TEXT_BYTES];
    int lock_fd;
    int64_t quota_bytes;      /* 0: none */
    struct store_part *parts; /* under way: the first of a list */
};

/* ERR_DISK for what a full, failing or read-only disk answers, else ERR_SYSTEM. */
enum err_code store_code(int number);

/* For when a folder of the store is gone: makes the folders and the lock file again, and locks
 * that. ERR_SYSTEM also where another player has taken the place meanwhile. */
MUST_CHECK bool store_restore(struct store *store, struct err *err);

#endif
