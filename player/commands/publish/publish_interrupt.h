/* What is said when a signal ends a publication: whether players may see anything of it. Main
 * thread; what the signal itself finds is one flag. */
#ifndef COMMANDS_PUBLISH_PUBLISH_INTERRUPT_H
#define COMMANDS_PUBLISH_PUBLISH_INTERRUPT_H

/* From where a pointer is put on, players may have it. */
enum publish_interrupt_phase {
    PUBLISH_INTERRUPT_BEFORE,
    PUBLISH_INTERRUPT_SWITCHING,
    PUBLISH_INTERRUPT_DONE,
};

/* From now on SIGINT and SIGTERM, which go on ending the process, write a line to standard error
 * first. */
void publish_interrupt_watch(void);

void publish_interrupt_set(enum publish_interrupt_phase phase);

#endif
