#ifndef PLATEIA_COMMAND_RUNNING_H
#define PLATEIA_COMMAND_RUNNING_H

/* running.h -- the server beside which a command runs: its admin listener's address ("127.0.0.1:9180"). */

#include "../services/settings.h"
#include <stddef.h>

#define RUNNING_SIZE 300

/* Of the server that runs on our database (import.h tells by its place), if any: one that happens to listen
 * on the admin address but serves another database is left alone. */
bool running_on_database(const struct settings *settings, char ret[RUNNING_SIZE]);

/* That one; where nobody can tell, whoever listens on the admin address of the settings. */
void running_admin(const struct settings *settings, char ret[RUNNING_SIZE]);

#endif
