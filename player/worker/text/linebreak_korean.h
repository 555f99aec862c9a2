/* Ranks places for line ends in Korean, where UAX #14 allows one. Pure; any thread. */
#ifndef WORKER_TEXT_LINEBREAK_KOREAN_H
#define WORKER_TEXT_LINEBREAK_KOREAN_H

#include "worker/text/linebreak_rank.h"

/* As linebreak_rank, for a place where UAX #14 allows a break. */
enum linebreak_rank linebreak_korean_rank(const struct linebreak_text *text, size_t at);

#endif
