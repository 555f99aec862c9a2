/* Settings on a stick: duckling.conf, signed by duckling.conf.minisig (site_pointer.h), for this
 * player or its site. What a pinned key has signed becomes a drop-in of its own. Main thread. */
#ifndef COMMANDS_SETUP_SETUP_STICK_H
#define COMMANDS_SETUP_SETUP_STICK_H

#include "commands/settings.h"

enum setup_stick_outcome {
    SETUP_STICK_TAKEN,
    SETUP_STICK_NOTHING, /* there are none on it, or they are in force already; the log says which */
    SETUP_STICK_REFUSED, /* the log says why */
};

/* Takes the settings of a stick whose file system is mounted at `folder`. `present`: the
 * configuration; `dropins`: the folder beside it. */
enum setup_stick_outcome setup_stick_take(const char *folder, const struct settings *present,
                                          const char *dropins);

#endif
