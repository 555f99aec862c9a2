/* The configuration: files and the environment, laid over the defaults of the options, with all
 * faults at once.
 *
 * Layers are read in order; each wins over those before it. A list that a layer gives replaces the
 * list of the layers before. A value may stand in quotes, single or double; behind it, what follows a
 * # or ; after a space is a comment. Main thread. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/options.h"
#include "core/arena.h"
#include "core/err.h"

#define CONFIG_FILE_BYTES_MAX 65536
#define CONFIG_FAULTS_SHOWN_MAX 100
#define CONFIG_VARIABLE "DUCKLING_" /* and an option's name in capitals: DUCKLING_LOG_LEVEL */
#define CONFIG_VARIABLE_BYTES 64

struct config {
    const struct option_table *table;
    struct option_value *values; /* of the table's rows; their texts live as long as this */
    unsigned commands;           /* only rows that all of these take are set; 0: any */
    int layer;
    struct arena arena;
    const char *faults[CONFIG_FAULTS_SHOWN_MAX]; /* "path:line: [section] key: value: reason" */
    int fault_count;                             /* may be more than are kept */
    bool out_of_memory;
};

/* `table` and `values` (options_defaults) must outlive it. */
void config_init(struct config *config, const struct option_table *table,
                 struct option_value *values, unsigned commands);
void config_finish(struct config *config);

/* Reads a file. False when it can't be read: ERR_MISSING, ERR_LIMIT, ERR_SYSTEM (such as its
 * permissions), ERR_INPUT (no regular file). What is wrong in it is counted among the faults. */
MUST_CHECK bool config_read_file(struct config *config, const char *path, struct err *err);

/* The same of a file's text, which ends with a NUL that `size` does not count. */
void config_read_text(struct config *config, const char *path, const char *text, size_t size);

/* Reads the files NAME.conf of a folder, in the order of their names. What can't be read is a fault; a
 * folder that doesn't exist is none. */
void config_read_folder(struct config *config, const char *path);

/* Reads the variables of the options: a name in capitals, with _ for -. Several values of a list have
 * line ends between them. An empty variable counts as none. */
void config_read_environment(struct config *config);

/* The next variable that looks like one of an option, but is none, and the option's variable that was
 * probably meant; others that begin alike may be other programs'. *next begins with 0. False: there is
 * none any more. */
bool config_next_stray(const struct config *config, int *next,
                       char variable[static CONFIG_VARIABLE_BYTES],
                       char meant[static CONFIG_VARIABLE_BYTES]);

/* Counts a fault of a file as a whole. */
__attribute__((format(printf, 2, 3))) void config_add_fault(struct config *config,
                                                            const char *format, ...);

/* The variable of an option. */
void config_name_variable(const char *option, char name[static CONFIG_VARIABLE_BYTES]);

#endif
