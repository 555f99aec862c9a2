/* The takeover command: puts a signed playlist above everything that a channel shows, until it
 * expires or is turned off. Main thread. */
#ifndef COMMANDS_PUBLISH_TAKEOVER_H
#define COMMANDS_PUBLISH_TAKEOVER_H

/* argv[0] is "takeover". Returns the process's exit status. */
int takeover_main(int argc, char **argv);

#endif
