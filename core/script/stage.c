/* stage.c -- one store, and a letter to each worker: for those that have no request, and to know that all are
 * there. A letter that finds its mailbox closing counts as well. */

#include "stage.h"
#include "adopt.h"

static void adopted(struct mail *mail, bool live) {
    struct stage_letter *letter = (struct stage_letter *)mail;
    struct stage *stage = letter->stage;
    if (live) adopt_current(letter->adopt);
    pthread_mutex_lock(&stage->lock);
    stage->waited_for--;
    pthread_cond_signal(&stage->adopted);
    pthread_mutex_unlock(&stage->lock);
}

void stage_publish(struct stage *stage, struct edition *edition) {
    stage->waited_for = stage->count;
    atomic_store_explicit(&stage->edition, edition, memory_order_release);
    for (size_t i = 0; i < stage->count; i++) {
        stage->letters[i] =
            (struct stage_letter){.mail.deliver = adopted, .stage = stage, .adopt = stage->seats[i].adopt};
        mailbox_post(stage->seats[i].mailbox, &stage->letters[i].mail);
    }
    pthread_mutex_lock(&stage->lock);
    while (stage->waited_for > 0)
        pthread_cond_wait(&stage->adopted, &stage->lock);
    pthread_mutex_unlock(&stage->lock);
}

void stage_open(struct stage *stage, struct edition *edition) {
    atomic_store(&stage->edition, edition);
    for (size_t i = 0; i < stage->count; i++)
        adopt_current(stage->seats[i].adopt);
}

void stage_sit(struct stage *stage, const struct stage_seat *seat) {
    stage->seats[stage->count++] = *seat;
}

void stage_init(struct stage *stage) {
    *stage = (struct stage){0};
    pthread_mutex_init(&stage->lock, NULL);
    pthread_cond_init(&stage->adopted, NULL);
}

void stage_done(struct stage *stage) {
    pthread_cond_destroy(&stage->adopted);
    pthread_mutex_destroy(&stage->lock);
}
