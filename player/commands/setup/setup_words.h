/* What setup says and asks, in the three languages that it speaks. Any thread. */
#ifndef COMMANDS_SETUP_SETUP_WORDS_H
#define COMMANDS_SETUP_SETUP_WORDS_H

#include <stddef.h>

enum setup_language { SETUP_ENGLISH, SETUP_KOREAN, SETUP_CHINESE, SETUP_LANGUAGES };

enum setup_word {
    SETUP_INTRODUCTION,
    SETUP_ASK_SOURCE,
    SETUP_ASK_KEY,
    SETUP_CONFIRM_KEY, /* %s: the key's number */
    SETUP_ASK_ZONE,
    SETUP_ASK_NAME,
    SETUP_ASK_ROTATION,
    SETUP_ASK_WATCHDOG,
    SETUP_ASK_TIME_SERVERS,
    SETUP_ASK_WRITE,
    SETUP_ASK_REPLACE_EDITED, /* %s: a path */
    SETUP_ANSWER_YES_OR_NO,
    SETUP_WRONG, /* %s: why */
    SETUP_NEEDS_CHANNEL,
    SETUP_NEEDS_NAME,
    SETUP_ENDED,       /* the input */
    SETUP_INTERRUPTED, /* by Ctrl+C */
    SETUP_NOTHING_WRITTEN,
    SETUP_WROTE,     /* %s: a path */
    SETUP_UNCHANGED, /* %s: a path, which is right already */
    SETUP_KEPT_COPY, /* %s: a path */
    SETUP_REPLACES,  /* %s: an option, %s: where it was set */
    SETUP_WINS,      /* %s: an option, %s: where it is set */
    SETUP_ALREADY,   /* %s: where something is set */
    SETUP_CHECKING,
    SETUP_ALL_RIGHT,
    SETUP_SOME_WRONG, /* after the doctor's report, whose lines are English */
    SETUP_ASK_RESTART,
    SETUP_RESTARTS,
    SETUP_DONE,
    SETUP_WORDS
};

/* A text, static. */
const char *setup_word(enum setup_language language, enum setup_word word);

/* A text with `first` in the place of its first %s, and `second` in that of its second. */
void setup_word_fill(enum setup_language language, enum setup_word word, const char *first,
                     const char *second, char *text, size_t text_bytes);

/* The same as a line on standard output. */
void setup_word_tell(enum setup_language language, enum setup_word word, const char *first,
                     const char *second);

/* The language that setup speaks with whoever plays in this one (BCP 47). */
enum setup_language setup_language_of(const char *tag);

#endif
