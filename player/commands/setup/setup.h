/* The setup command: asks an installer what a box is to show, or is told by options or by a
 * file, and writes it into a file of its own beside the configuration. */
#ifndef COMMANDS_SETUP_SETUP_H
#define COMMANDS_SETUP_SETUP_H

/* argv[0] is "setup". Returns the process's exit status (duckling(1)). Main thread. */
int setup_main(int argc, char **argv);

#endif
