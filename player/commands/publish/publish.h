/* The publish command: signs a playlist, uploads it with its media, and switches a channel over
 * to it. Main thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_H
#define COMMANDS_PUBLISH_PUBLISH_H

/* argv[0] is "publish". Returns the process's exit status. */
int publish_main(int argc, char **argv);

#endif
