/* Finds addresses in a text: of the web, of mail, and @names. Pure; any thread. */
#ifndef WORKER_TEXT_LINEBREAK_ADDRESS_H
#define WORKER_TEXT_LINEBREAK_ADDRESS_H

#include "worker/text/linebreak_rank.h"

enum linebreak_address {
    LINEBREAK_ADDRESS_OUTSIDE, /* zero */
    LINEBREAK_ADDRESS_INSIDE,
    LINEBREAK_ADDRESS_AFTER_MARK, /* a line that ended here would seem to end the address */
    /* The best place where an address is too wide for a line: a mark at the start of the next line
     * shows that the address goes on (Chicago Manual of Style, "URLs and line breaks"). */
    LINEBREAK_ADDRESS_BEFORE_MARK,
};

/* places[i] says what the place before characters[i] is; `places` has text->count items. */
void linebreak_address_find(const struct linebreak_text *text, unsigned char *places);

#endif
