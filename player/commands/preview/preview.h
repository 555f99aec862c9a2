/* The preview command: what a screen would show, drawn by the code that plays, as PNG files or
 * as a film. Main thread. */
#ifndef COMMANDS_PREVIEW_PREVIEW_H
#define COMMANDS_PREVIEW_PREVIEW_H

/* argv[0] is "preview". Returns the process's exit status. */
int preview_main(int argc, char **argv);

#endif
