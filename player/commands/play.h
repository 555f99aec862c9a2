/* The play command: wires source, programme, workers and screen, and runs until it is told to
 * stop. */
#ifndef COMMANDS_PLAY_H
#define COMMANDS_PLAY_H

/* argv[0] is "play". Returns the process's exit status (duckling(1)). Main thread. */
int play_main(int argc, char **argv);

#endif
