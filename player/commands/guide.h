/* The guide command: the programme of a stretch of time, slot by slot or as totals. Main thread. */
#ifndef COMMANDS_GUIDE_H
#define COMMANDS_GUIDE_H

/* argv[0] is "guide". Returns the process's exit status. */
int guide_main(int argc, char **argv);

#endif
