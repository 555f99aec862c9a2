/* Private to the play command: its state, and what its files call of each other. Main thread. */
#ifndef COMMANDS_PLAY_INTERNAL_H
#define COMMANDS_PLAY_INTERNAL_H

#include "base/language.h"
#include "base/log_throttle.h"
#include "base/stop_guard.h"
#include "base/wakeup.h"
#include "commands/settings.h"
#include "core/show_clock.h"
#include "kiosk/box_watch.h"
#include "kiosk/screen_hours.h"
#include "kiosk/screen_notes.h"
#include "kiosk/service_manager.h"
#include "playout/film_lengths.h"
#include "playout/media_opener.h"
#include "playout/playout.h"
#include "playout/quarantine.h"
#include "playout/soundtrack.h"
#include "playout/test_card.h"
#include "screen/display.h"
#include "screen/frame_timing.h"
#include "screen/frames_log.h"
#include "screen/refresh_report.h"
#include "sync/feed/feed.h"

#include <limits.h>

/* The spot on screen, and the counts of struct frame_timing when it came. */
struct play_spot_watch {
    uint64_t key; /* of the spot's slot; 0: none */
    char name[REFRESH_REPORT_NAME_BYTES];
    int64_t due, missed;
};

/* The house card: what the option says, and whether the player still introduces itself on it. */
struct play_house {
    struct edition *edition; /* with the card of --house; NULL: none */
    char marker[PATH_MAX];   /* in the state's folder: a picture was shown here once */
    bool was_shown;          /* so it needs no words any more */
    char host[128];          /* "name, address"; looked up now and then */
    int64_t looked_ns;       /* 0: never */
};

/* Why a service does not play what it was told to. Empty texts: it does. */
struct play_trouble {
    char words[ERR_TEXT_BYTES]; /* its settings are wrong, or go against each other */
    bool is_invalid;            /* they could not even be read */
    char feed[ERR_TEXT_BYTES];  /* there is no feed: its key is missing, say */
    struct settings *seen;      /* when the trouble began; NULL: they were wrong, or no memory */
    int64_t looked_ns;          /* when the configuration was looked at */
    int64_t tried_ns;           /* and a feed was tried */
};

/* What is noted of what is on screen, and what is left out since it crashed the player. */
struct play_crash {
    struct screen_notes notes;
    struct left_out playlists;
    uint64_t noted_key; /* of the frame whose spot was noted last */
    bool *left_out;     /* of the edition's spots; NULL: none is */
    int64_t until_ms;   /* until when the first of them is: CLOCK_BOOTTIME */
    bool is_trouble_logged;
};

/* Heat and memory of the box, and what the log says of them. */
struct play_comfort {
    struct box_watch *watch; /* NULL: there is none */
    enum heat_level heat_level;
    struct log_throttle heat_logged, memory_logged;
};

/* Operating hours and dimming, and what has been made of them. */
struct play_hours {
    struct screen_hours state;
    struct zone zone; /* of --timezone, or the system's */
    bool zone_is_own; /* of --timezone */
    bool is_black;    /* the frame on screen is */
    bool is_closed;   /* and the log says so */
    bool is_off;      /* the monitors' power */
};

/* How much of the line media may take, by the hours. */
struct play_bandwidth {
    struct hours hours;
    bool has_hours;
    double otherwise; /* bytes a second at all other times; 0: all of it */
    double now;       /* what the feed was told */
    /* Until when, and since when, that is so by the show clock. */
    int64_t since_ms, until_ms;
};

/* The test card, which lies over the scene as operating hours do, and changes nothing in it. */
struct play_test_card {
    struct test_card *card;            /* NULL: none is made */
    int64_t until_ns;                  /* 0: it is not on; INT64_MAX: until the player ends */
    int width_px, height_px, rotation; /* of the screen that it was made for */
    char language[LANGUAGE_BYTES];
};

struct play {
    /* SETTINGS_PLAY; SETTINGS_IDENTIFY: no feed, and the test card */
    enum settings_command command;
    struct settings settings;
    struct settings *reloaded; /* holds the texts of the settings that SIGHUP changed; NULL: none */
    char **arguments;          /* as play_main got them, to start again with */
    struct feed *feed;         /* NULL: there is none, and `trouble` says why */
    struct play_trouble trouble;
    struct play_crash crash;
    struct play_comfort comfort;
    struct media_opener *opener;
    struct film_lengths film_lengths; /* of the edition that plays next */
    struct playout playout;
    struct play_house house;
    struct quarantine quarantine; /* outlives the loaders, which are for one screen size each */
    struct loader *loader;        /* NULL until there was a screen */
    struct display *display;      /* NULL: there is no screen, it is waited for */
    struct card_keeper keeper;    /* the service manager */
    uint64_t inherited_id;        /* the picture of the player before; 0: it was none */
    struct show show;
    struct soundtrack soundtrack;
    struct show_clock clock;
    int64_t clock_updated_ns;
    bool clock_untrusted; /* and the log says so */
    struct frame_timing timing;
    struct refresh_report refreshes;
    struct wakeup *wake;
    struct stop_guard *guard;
    struct service_manager manager;
    struct frames_log *frames_log;
    int64_t end_ns; /* INT64_MAX: none */
    bool stop, redraw;
    bool restart;            /* once it has stopped */
    struct show_frame frame; /* the last one; `show` holds its pictures until the next */
    double frame_ms;         /* the instant of the show clock at which it is seen */
    bool drawn;              /* but not presented yet */
    uint64_t visuals;        /* show_visuals_key of what was drawn last */
    double dim;              /* and how bright */
    int shift_px[2];         /* and how far from its place */
    struct play_spot_watch watch;
    struct play_hours hours;
    struct play_bandwidth bandwidth;
    struct play_test_card test_card;
    int screen_width_px, screen_height_px; /* that the loader's pictures are for */
    int quick_losses;       /* screens in a row that were lost soon after they were opened */
    int64_t opened_ns;      /* when this screen was opened */
    int64_t checked_ns;     /* when its size was last compared with the window's */
    int64_t retry_ns;       /* when a screen is looked for again; 0: at once */
    int64_t retry_delay_ns; /* before the time after that */
    bool screen_was_tried;  /* to open one: whether there is one is known */
    bool waiting_logged;
    bool pacing_logged;
    char no_screen[ERR_TEXT_BYTES]; /* why there is none */
    bool ending;                    /* what this holds is being freed */
    int status;
};

const struct option_value *play_option(const struct play *play, enum setting setting);

/* play.c */

/* Starts to play a new edition, if there is one and its films' lengths are known. On failure the
 * previous one goes on. */
MUST_CHECK bool play_switch_edition(struct play *play, struct err *err);

/* The wall clock's time, or, where that is plainly wrong, the latest time that is known to have
 * passed. */
int64_t play_trusted_wall_ms(struct play *play, int64_t now_ns);

/* Puts the frame that was drawn on the screen. */
MUST_CHECK bool play_present_frame(struct play *play, struct err *err);

/* When to look for events of the display, and whether the wall clock has been set. */
int64_t play_look_ns(const struct play *play, int64_t now_ns);

/* Sleeps until then, or until a worker, the display or the service manager needs something, or a
 * signal comes. There must be a display. */
void play_wait(struct play *play, int64_t until_ns);

/* play_comfort.c */

/* Begins to watch heat and memory, if it can. */
void play_comfort_start(struct play *play);

/* In each turn of the loop: does without what has to be, and says so. */
void play_comfort_turn(struct play *play);
void play_comfort_finish(struct play *play);

/* play_crash.c */

/* Finds out whether the player before this one crashed, and where. */
void play_crash_start(struct play *play);

/* False, with the reason, while no playlist is played: the player crashed before it showed anything. */
MUST_CHECK bool play_crash_allows_playlists(const struct play *play, struct err *err);

/* Before this edition comes into force; and before a frame is drawn. */
void play_crash_note_edition(struct play *play, const struct edition *edition);
void play_crash_note_frame(struct play *play, const struct show_frame *frame);

/* An edition has come into force: leaves out what has to be. */
void play_crash_leave_out(struct play *play);

/* In each turn of the loop: tries again what was left out for long enough. */
void play_crash_turn(struct play *play);

/* The player has begun to end, which is no crash. */
void play_crash_finish(struct play *play);

/* play_house.c */

/* Takes the option, and finds out whether this player has ever shown a picture. */
MUST_CHECK bool play_house_start(struct play *play, struct err *err);

/* The words on the player's own house card, for whoever installs it: its name and address, and what
 * it waits for. Empty once it has shown a picture, ever, but where its settings are wrong. */
void play_house_words(struct play *play, char *words, size_t words_bytes);

/* What it waits for. */
void play_house_reason(struct play *play, char *words, size_t words_bytes);

/* A spot's picture is on screen: remembers that, on disk, in a thread of its own. */
void play_house_note_shown(struct play *play);

void play_house_finish(struct play *play);

/* play_hours.c */

/* Takes the options. The screen goes over to them within two seconds. */
MUST_CHECK bool play_hours_set(struct play *play, const struct settings *settings, struct err *err);
void play_hours_finish(struct play *play);

/* Times are those of the edition's zone, unless the operator has named one: what was made of the zone
 * of another edition is forgotten. */
void play_hours_note_edition(struct play *play);

/* How bright a frame at an instant of the show clock is. */
double play_hours_turn(struct play *play, double show_ms);

/* A frame was presented. */
void play_hours_note_presented(struct play *play);

/* As guide and explain have it: the zone of the option, else the playlist's, else the system's. */
const struct zone *play_hours_zone(const struct play *play);

/* When the hours ask for something else. */
int64_t play_hours_change_ns(const struct play *play);

/* Whether the screen is closed now, and black. */
bool play_hours_is_closed(struct play *play);

/* While it is closed, in the place of a turn of the loop: turns the monitors off, and sleeps.
 * False: the player has to end. */
bool play_hours_rest(struct play *play);

/* It is closed no longer: turns the monitors on. False: the player has to end. */
bool play_hours_open(struct play *play);

/* A screen was opened, so it is on. */
void play_hours_note_opened(struct play *play);

/* play_bandwidth.c */

/* Takes the options. */
MUST_CHECK bool play_bandwidth_set(struct play *play, const struct settings *settings,
                                   struct err *err);

/* Tells the feed, where the hours say something else at an instant of the show clock. */
void play_bandwidth_turn(struct play *play, double show_ms);
void play_bandwidth_forget(struct play *play);

/* play_reload.c */

/* Takes --max-volume. */
void play_take_volume(struct play *play);

/* Reads the configuration again, and takes what can be changed while it plays. One that is wrong
 * changes nothing. The log says which. */
void play_reload(struct play *play);
void play_reload_finish(struct play *play);

/* play_restart.c */

/* Lets the service manager keep the screen over a restart, and takes what it has kept. */
void play_restart_begin(struct play *play);

/* What the first picture fades in from: that of the player before, if it is still on the screen,
 * which then stays until there is another. False: it is not. */
bool play_restart_show_inherited(struct play *play, double show_ms);

/* Whether nothing else is on the screen, nor coming. */
bool play_restart_is_inherited_on(const struct play *play);

/* The same, and it is worth more than a house card: for a minute, unless nothing comes after it, since
 * what crashed the player is left out. */
bool play_restart_is_waiting(const struct play *play, double show_ms);

/* Whether this may take its place meanwhile. */
bool play_restart_may_replace(const struct play *play, const struct picture *picture);

/* Whether the settings say what to play. ERR_INPUT. */
MUST_CHECK bool play_has_source(const struct settings *settings, struct err *err);

/* The settings as they would be at a start now; the caller finishes and frees them. Quiet: without a
 * trace, else the log gets their faults. NULL: they are wrong, as err says. */
struct settings *play_read_again(const struct play *play, bool quiet, struct err *err);
bool play_is_same_settings(const struct settings *a, const struct settings *b);
void play_log_faults(const struct settings *settings);

/* play_start.c */

/* Starts to follow the source. */
MUST_CHECK bool play_start_feed(struct play *play, struct err *err);

/* Opens all that a player needs. False: it has to end, and what was opened is for finish_play. */
MUST_CHECK bool play_start(struct play *play, struct err *err);

/* play_trouble.c */

/* The settings cannot be read, or this of them cannot be done. True where the player goes on without it
 * and says why on the screen: a service that ended would leave the screen dark. */
bool play_trouble_take(struct play *play, bool is_invalid, const struct err *why);

/* The same where there is no feed; it is tried again. */
bool play_trouble_take_feed(struct play *play, const struct err *why);

/* In each turn of the loop: looks now and then whether the trouble is over. */
void play_trouble_turn(struct play *play);

/* Where there is trouble, and the configuration is another now: ends the loop, to start again with it. */
bool play_trouble_is_over(struct play *play, const struct settings *fresh);

void play_trouble_finish(struct play *play);

/* play_screen.c */

/* Loads the pictures anew, as for another language; what is on screen stays until they are
 * ready. */
MUST_CHECK bool play_screen_load_again(struct play *play, struct err *err);

/* Opens the screen for the first time, and what depends on its size. In a window, failure is an
 * error; a player that has the whole screen waits for one (play_screen_await). ERR_USAGE: options
 * contradict each other. */
MUST_CHECK bool play_screen_open(struct play *play, struct err *err);

/* Tells the feed which screen its media are for. */
void play_screen_tell_feed(const struct play *play);

/* Forgets the options that say which screen, and how. */
void play_screen_ignore_options(struct play *play);

/* Without a screen: looks for one if it is time to. True when there is one. False with play->stop:
 * the player has to end. */
bool play_screen_await(struct play *play);

/* Says once that frames are paced by the clock, where it has turned out that the screen doesn't
 * wait for its refreshes. */
void play_screen_note_pacing(struct play *play);

/* Makes the screen usable again after drawing or presenting failed for this reason. False: the
 * player has to end. */
bool play_screen_recover(struct play *play, const struct err *why);

/* Handles the window's keys and events, and looks now and then whether the window still covers the
 * screen. False: the player has to end. Sets play->stop when somebody asks it to end. */
bool play_screen_read_events(struct play *play);

/* play_test_card.c */

/* SIGUSR1: shows the test card for a minute, or ends it. */
void play_test_card_toggle(struct play *play);

bool play_test_card_is_on(const struct play *play);

/* Puts the test card in the place of a frame that is seen at this instant of the show clock, if
 * it is on. */
void play_test_card_cover(struct play *play, struct show_frame *frame, double show_ms);

void play_test_card_finish(struct play *play);

#endif
