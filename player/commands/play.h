/* The play command: plays a playlist, a URL or a channel on the screen until it is stopped. */
#ifndef COMMANDS_PLAY_H
#define COMMANDS_PLAY_H

/* argv[0] is "play". Returns the process's exit status (duckling(1)). Main thread. */
int play_main(int argc, char **argv);

/* The same for "identify": the test card on the screen, with all that play does to have one. */
int play_identify_main(int argc, char **argv);

#endif
