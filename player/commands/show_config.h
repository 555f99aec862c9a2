/* The config command: what a player is set to, and where each setting comes from. */
#ifndef COMMANDS_SHOW_CONFIG_H
#define COMMANDS_SHOW_CONFIG_H

int show_config_main(int argc, char **argv);

#endif
