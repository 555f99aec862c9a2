/* Somebody outside the process who keeps a graphics card's descriptor from one process of the
 * player to the next: what a card shows goes dark when its last descriptor is closed. Main thread. */
#ifndef SCREEN_CARD_KEEPER_H
#define SCREEN_CARD_KEEPER_H

#include <stdbool.h>

struct card_keeper {
    void *context;
    /* From now on, until `forget`, or until the card is kept no longer than this process lives. */
    void (*keep)(void *context, int fd);
    bool (*keeps)(void *context); /* the descriptor outlives this process */
    void (*forget)(void *context);
};

#endif
