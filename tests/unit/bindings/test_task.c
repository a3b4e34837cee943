/* test_task.c -- slots and tickets: an outcome reaches the one who waits for it, and nobody else. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../core/bindings/task.h"
#include "../../../core/services/password.h"

static struct tasks tasks;
static struct task *resumed;
static int given[8], given_count;

static void resume(struct tasks *from, struct task *task) {
    assert_ptr_equal(from, &tasks);
    resumed = task;
}

static int open_tasks(void **state) {
    (void)state;
    tasks_init(&tasks, resume);
    resumed = NULL;
    given_count = 0;
    return 0;
}

static int close_tasks(void **state) {
    (void)state;
    tasks_done(&tasks);
    return 0;
}

/* With something in it that is missed when it is not freed. */
static struct outcome outcome_new(void) {
    struct outcome outcome = {.job = password_job_new(PASSWORD_HASH, "x", 1, NULL)};
    assert_non_null(outcome.job);
    return outcome;
}

static void test_an_outcome_arrives_once(void **state) {
    (void)state;
    struct task *task = tasks_take(&tasks);
    struct ticket ticket = task->ticket;
    struct outcome first = outcome_new(), second = outcome_new();
    tasks_deliver(&tasks, ticket, &first);
    assert_ptr_equal(resumed, task);
    assert_non_null(task->outcome.job);
    assert_null(first.job);
    resumed = NULL;
    tasks_deliver(&tasks, ticket, &second);
    assert_null(resumed);
    assert_null(second.job);
    tasks_give_back(&tasks, task);
}

/* The slot is taken again, and the one who had it gets an answer late. */
static void test_a_slot_used_again(void **state) {
    (void)state;
    struct task *task = tasks_take(&tasks);
    struct ticket ticket = task->ticket;
    struct outcome late = outcome_new();
    tasks_give_back(&tasks, task);
    assert_ptr_equal(tasks_take(&tasks), task);
    assert_int_equal(task->ticket.slot, ticket.slot);
    tasks_deliver(&tasks, ticket, &late);
    assert_null(resumed);
    assert_null(late.job);
    assert_null(task->outcome.job);
    tasks_give_back(&tasks, task);
}

static void test_a_slot_that_never_was(void **state) {
    (void)state;
    struct outcome outcome = outcome_new();
    tasks_deliver(&tasks, (struct ticket){.slot = 1000}, &outcome);
    assert_null(outcome.job);
}

static void test_more_than_the_first_room(void **state) {
    (void)state;
    enum { COUNT = 500 };
    struct task *all[COUNT];
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < COUNT; i++)
            assert_non_null(all[i] = tasks_take(&tasks));
        assert_int_equal(tasks.count, COUNT);
        for (unsigned i = 0; i < COUNT; i++) {
            struct outcome outcome = outcome_new();
            tasks_deliver(&tasks, all[i]->ticket, &outcome);
            assert_ptr_equal(resumed, all[i]);
        }
        for (unsigned i = 0; i < COUNT; i++)
            tasks_give_back(&tasks, all[i]);
    }
}

struct thing {
    struct holding holding;
    int number;
};

static void give_back(struct holding *holding) {
    assert_null(holding->task);
    given[given_count++] = ((struct thing *)holding)->number;
}

static void test_holdings_are_given_back(void **state) {
    (void)state;
    struct task *task = tasks_take(&tasks);
    struct thing things[3];
    for (int i = 0; i < 3; i++) {
        things[i] = (struct thing){.holding.give_back = give_back, .number = i};
        holding_add(task, &things[i].holding);
    }
    holding_remove(&things[1].holding);
    holding_remove(&things[1].holding);
    tasks_give_back(&tasks, task);
    assert_int_equal(given_count, 2);
    assert_int_equal(given[0], 2);
    assert_int_equal(given[1], 0);
}

static void test_the_handle_is_emptied(void **state) {
    (void)state;
    struct task *task = tasks_take(&tasks);
    struct request *handle = (struct request *)task;
    task->handle = &handle;
    tasks_give_back(&tasks, task);
    assert_null(handle);
    assert_null(task->handle);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_tasks, close_tasks)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_an_outcome_arrives_once), TEST(test_a_slot_used_again),
        TEST(test_a_slot_that_never_was),   TEST(test_more_than_the_first_room),
        TEST(test_holdings_are_given_back), TEST(test_the_handle_is_emptied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
