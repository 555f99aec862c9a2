/* Checks of files in the doctor command: keys, the store, and what must outlive it. */
#include "commands/doctor/doctor_internal.h"

#include "sync/feed/feed.h"
#include "sync/store/store.h"
#include "sync/trust.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVICE_USER "duckling" /* of the units in packaging/systemd, as the folders */
#define SERVICE_STORE "/var/cache/duckling"
#define SERVICE_STATE "/var/lib/duckling"
#define FREE_BYTES_MIN INT64_C(200000000)
#define KEYS_BYTES 256

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Root looks after the player of the units, which has a user and folders of its own; anybody
 * else has a player of their own. */
void doctor_find_player(struct doctor *doctor)
{
    struct doctor_player *player = &doctor->player;
    const struct passwd *user = geteuid() == 0 ? getpwnam(SERVICE_USER) : getpwuid(geteuid());
    bool is_service = geteuid() == 0 && user;
    const char *store = doctor_value(doctor, SETTING_STORE)->text;
    const char *state = doctor_value(doctor, SETTING_STATE)->text;
    player->uid = user ? user->pw_uid : geteuid();
    player->gid = user ? user->pw_gid : getegid();
    snprintf(player->name, sizeof player->name, "%s", user ? user->pw_name : "root");
    feed_default_folders(player->store, player->state);
    if (is_service && is_folder(SERVICE_STATE)) {
        snprintf(player->store, sizeof player->store, SERVICE_STORE);
        snprintf(player->state, sizeof player->state, SERVICE_STATE);
    } else if (geteuid() == 0) {
        player->uid = 0;
        player->gid = 0;
        snprintf(player->name, sizeof player->name, "root");
    }
    if (store)
        snprintf(player->store, sizeof player->store, "%s", store);
    if (state)
        snprintf(player->state, sizeof player->state, "%s", state);
}

static bool may(const struct doctor_player *player, const struct stat *st, unsigned bit)
{
    if (player->uid == 0)
        return true;
    if (st->st_uid == player->uid)
        return st->st_mode & bit << 6;
    return st->st_mode & (st->st_gid == player->gid ? bit << 3 : bit);
}

/* Whether the player's user may read a file: the first of its folders, or the file, that it may
 * not, is left in `path`. */
static bool player_reads(const struct doctor_player *player, const char *file, char path[PATH_MAX])
{
    struct stat st;
    if (!realpath(file, path))
        return false;
    char whole[PATH_MAX];
    snprintf(whole, sizeof whole, "%s", path);
    for (char *slash = strchr(whole + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(path, PATH_MAX, "%.*s", (int)(slash - whole), whole);
        if (stat(path, &st) < 0 || !may(player, &st, 1))
            return false;
    }
    snprintf(path, PATH_MAX, "%s", whole);
    return stat(path, &st) == 0 && may(player, &st, 4);
}

static void list_keys(const struct trust *trust, char list[KEYS_BYTES])
{
    list[0] = '\0';
    for (int i = 0; i < trust_count(trust); i++) {
        char id[17];
        size_t used = strlen(list);
        trust_key_id(trust, i, id);
        snprintf(list + used, KEYS_BYTES - used, "%s%s", i > 0 ? ", " : "", id);
    }
}

static bool has_channel(const struct doctor *doctor)
{
    for (int i = 0; i < doctor->source_count; i++)
        if (feed_is_channel(doctor->sources[i], false))
            return true;
    return false;
}

static void check_key(struct doctor *doctor, struct trust *trust, const char *key)
{
    char path[PATH_MAX];
    struct err err = {0};
    bool is_file = access(key, F_OK) == 0;
    if (!trust_pin(trust, key, &err))
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          "copy the operator's public key (operator.pub) there, or correct \"key\"",
                          "%s", err.text);
    else if (is_file && !player_reads(&doctor->player, key, path))
        doctor_report_say(doctor->report, DOCTOR_WRONG, "chmod a+r the file, a+x its folders",
                          "%s: the player (user %s) may not read %s", key, doctor->player.name,
                          path);
}

void doctor_check_keys(struct doctor *doctor)
{
    char list[KEYS_BYTES];
    const struct option_value *keys = doctor_value(doctor, SETTING_KEY);
    doctor_report_begin(doctor->report, "keys");
    if (keys->text_count == 0) {
        bool needs = has_channel(doctor);
        doctor_report_say(doctor->report, needs ? DOCTOR_WRONG : DOCTOR_NOTE,
                          needs ? "pin the operator's public key: \"key\" in the configuration"
                                : NULL,
                          needs ? "none is pinned, and a channel is played only with one"
                                : "none is pinned: whoever can write to the playlist decides what "
                                  "is shown");
        return;
    }
    struct trust *trust = trust_create();
    for (int i = 0; trust && i < keys->text_count; i++)
        check_key(doctor, trust, keys->texts[i]);
    if (trust && trust_count(trust) > 0) {
        list_keys(trust, list);
        doctor_report_say(doctor->report, DOCTOR_OK, NULL, "pinned: %s", list);
    }
    trust_destroy(trust);
}

/* "1.2 GB". */
static void print_bytes(int64_t bytes, char text[24])
{
    snprintf(text, 24, bytes < 1000000000 ? "%.0f MB" : "%.1f GB",
             (double)bytes / (bytes < 1000000000 ? 1e6 : 1e9));
}

static bool check_space(struct doctor *doctor, const char *folder, char text[24])
{
    bool is_read_only = false;
    int64_t bytes = store_free_bytes(folder, &is_read_only);
    print_bytes(bytes, text);
    if (bytes < 0)
        doctor_report_say(doctor->report, DOCTOR_WRONG, "repair or mount the disk", "%s: %s",
                          folder, strerror(errno));
    else if (is_read_only)
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          "mount it for writing; if it became so by itself, replace the disk",
                          "%s is on a disk that is read-only", folder);
    else if (bytes < FREE_BYTES_MIN)
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          "delete what is not needed, or give a larger disk with \"store\"",
                          "only %s are free for %s", text, folder);
    return bytes >= FREE_BYTES_MIN && !is_read_only;
}

void doctor_check_store(struct doctor *doctor)
{
    char space[24], quota[24];
    struct err err = {0};
    const struct doctor_player *player = &doctor->player;
    doctor_report_begin(doctor->report, "store");
    print_bytes((int64_t)doctor_value(doctor, SETTING_QUOTA)->number, quota);
    if (!store_check_owners(player->store, player->uid, &err))
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          "make it the player's own (chown -R), or give it another folder", "%s",
                          err.text);
    else if (check_space(doctor, player->store, space))
        doctor_report_say(doctor->report, DOCTOR_OK, NULL, "%s: %s free, at most %s used%s",
                          player->store, space, quota,
                          is_folder(player->store) ? "" : " (made when the player starts)");
}

void doctor_check_state(struct doctor *doctor)
{
    struct stat st;
    char space[24];
    const struct doctor_player *player = &doctor->player;
    doctor_report_begin(doctor->report, "state");
    if (stat(player->state, &st) == 0 && !(may(player, &st, 2) && S_ISDIR(st.st_mode)))
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          "make it the player's own (chown), or give it another folder",
                          "%s: the player (user %s) may not write there what it must remember",
                          player->state, player->name);
    else if (check_space(doctor, player->state, space))
        doctor_report_say(doctor->report, DOCTOR_OK, NULL, "%s: %s free%s", player->state, space,
                          is_folder(player->state) ? "" : " (made when the player starts)");
}
