/* The check command: every fault and every warning of a playlist and its media in one run, before
 * they are on a wall. Main thread. */
#ifndef OPERATE_CHECK_H
#define OPERATE_CHECK_H

/* argv[0] is "check". Returns the process's exit status. */
int check_main(int argc, char **argv);

#endif
