/* malloc_conf.c -- what jemalloc reads under this name when it starts; where the binary is not linked with
 * it, nobody does. What was freed goes back to the system after a second, so that a burst leaves nothing
 * behind. Operators have the last word: the environment's MALLOC_CONF. */

extern const char *malloc_conf;
const char *malloc_conf = "dirty_decay_ms:1000,muzzy_decay_ms:0";
