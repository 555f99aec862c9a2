/* The publish command: puts a playlist and its media on a server, signed, and switches its channel
 * over to it. Main thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_H
#define COMMANDS_PUBLISH_PUBLISH_H

/* argv[0] is "publish". Returns the process's exit status. */
int publish_main(int argc, char **argv);

#endif
