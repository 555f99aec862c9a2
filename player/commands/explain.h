/* The explain command: what is on at an instant, why, and why the rest is not. Main thread. */
#ifndef COMMANDS_EXPLAIN_H
#define COMMANDS_EXPLAIN_H

/* argv[0] is "explain". Returns the process's exit status. */
int explain_main(int argc, char **argv);

#endif
