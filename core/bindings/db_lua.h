#ifndef PLATEIA_BINDINGS_DB_LUA_H
#define PLATEIA_BINDINGS_DB_LUA_H

/* db_lua.h -- what a task's end needs of the database bindings. */

struct task;

/* Rolls back and gives back every transaction that the task still has open. Never waits. */
void db_end_transactions(struct task *task);

#endif
