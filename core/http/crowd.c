/* crowd.c -- a hash table of those who are here, and one lock, taken twice a connection.
 *
 * The table holds an address only while it has a connection, so it is as large as the crowd. Its hash starts
 * from a secret number: who comes with many addresses shall not be able to choose where they stand. */

#include "crowd.h"
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS 4096 /* a power of two */

struct guest {
    struct guest *chain;
    struct ip ip;
    unsigned count;
};

struct crowd {
    pthread_mutex_t lock;
    unsigned most;
    uint64_t secret;
    struct guest *buckets[BUCKETS];
};

enum err_code crowd_new(struct crowd **ret, unsigned most, struct err *err) {
    struct crowd *crowd = calloc(1, sizeof *crowd);
    if (!crowd) return err_set(err, ERR_NO_MEMORY, "no memory for counting connections");
    pthread_mutex_init(&crowd->lock, NULL);
    crowd->most = most;
    (void)!getrandom(&crowd->secret, sizeof crowd->secret, 0);
    *ret = crowd;
    return ERR_OK;
}

void crowd_free(struct crowd *crowd) {
    if (!crowd) return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (crowd->buckets[i]) {
            struct guest *guest = crowd->buckets[i];
            crowd->buckets[i] = guest->chain;
            free(guest);
        }
    pthread_mutex_destroy(&crowd->lock);
    free(crowd);
}

static uint64_t mix(uint64_t number) {
    number ^= number >> 32;
    number *= 0x9e3779b97f4a7c15;
    return number ^ number >> 29;
}

static struct guest **find(struct crowd *crowd, const struct ip *ip) {
    uint64_t front, back;
    memcpy(&front, ip->bytes, 8);
    memcpy(&back, ip->bytes + 8, 8);
    uint64_t hash = mix(mix(crowd->secret ^ front) ^ back);
    struct guest **at = &crowd->buckets[hash & (BUCKETS - 1)];
    while (*at && memcmp(&(*at)->ip, ip, sizeof *ip) != 0)
        at = &(*at)->chain;
    return at;
}

bool crowd_enter(struct crowd *crowd, const struct ip *ip) {
    pthread_mutex_lock(&crowd->lock);
    struct guest **at = find(crowd, ip), *guest = *at;
    if (!guest && (guest = calloc(1, sizeof *guest))) {
        guest->ip = *ip;
        *at = guest;
    }
    bool fine = guest && guest->count < crowd->most;
    if (fine) guest->count++;
    pthread_mutex_unlock(&crowd->lock);
    return fine;
}

void crowd_leave(struct crowd *crowd, const struct ip *ip) {
    pthread_mutex_lock(&crowd->lock);
    struct guest **at = find(crowd, ip), *guest = *at;
    if (guest && --guest->count == 0) {
        *at = guest->chain;
        free(guest);
    }
    pthread_mutex_unlock(&crowd->lock);
}
