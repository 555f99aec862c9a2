/* Private to the doctor command: what its checks share. Main thread. */
#ifndef COMMANDS_DOCTOR_DOCTOR_INTERNAL_H
#define COMMANDS_DOCTOR_DOCTOR_INTERNAL_H

#include "commands/doctor/doctor_report.h"
#include "commands/settings.h"
#include "playlist/playlist.h"

#include <limits.h>
#include <sys/types.h>

/* Whom the player runs as on this machine, and where it keeps its files. */
struct doctor_player {
    uid_t uid;
    gid_t gid;
    char name[32];
    char store[PATH_MAX], state[PATH_MAX];
};

struct doctor {
    struct doctor_report *report;
    const struct settings *settings;
    const char *const *sources; /* source_count of them */
    int source_count;
    struct doctor_player player;
    struct playlist *playlist; /* what the first source that answered has; NULL: unknown */
    bool has_server_time;
    int64_t server_ahead_ms; /* how far the first server's clock is ahead of ours */
    bool can_sandbox;
};

const struct option_value *doctor_value(const struct doctor *doctor, enum setting setting);

/* doctor_machine.c */
void doctor_check_version(struct doctor *doctor);
void doctor_check_zone(struct doctor *doctor);
void doctor_check_clock(struct doctor *doctor); /* after the servers */
void doctor_check_sandbox(struct doctor *doctor);
void doctor_check_screen(struct doctor *doctor);
void doctor_check_sound(struct doctor *doctor);

/* doctor_files.c */
void doctor_find_player(struct doctor *doctor);
void doctor_check_keys(struct doctor *doctor);
void doctor_check_store(struct doctor *doctor);
void doctor_check_state(struct doctor *doctor);

/* doctor_sources.c: each source is asked for what a player would ask. */
void doctor_check_sources(struct doctor *doctor);

/* doctor_fonts.c: sets a text in each language, by a worker; after the sandbox and the sources. */
void doctor_check_fonts(struct doctor *doctor);

#endif
