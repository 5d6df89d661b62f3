/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/types.h>

/*
 * One way to do something n times. What @run does is measured, or what @finish does if the pair says
 * so; @setup and the other one are not.
 */
struct bench_side {
	void *(*setup)(u32 n, u32 threads);
	void (*run)(void *state, u32 thread, u32 n);
	void (*finish)(void *state);
};

struct bench_pair {
	const char *name;
	const char *group;
	/* What the two sides do, in the order of the ratio's denominator and numerator. */
	const char *label[2];
	const struct bench_side *side[2];
	u32 n;
	u32 threads;
	bool time_finish;
	/* In thousandths of the denominator; 0 if the two do not do the same work. */
	u32 target;
};

extern const struct bench_pair bench_pairs[];
extern const u32 bench_nr_pairs;
extern const struct bench_pair bench_task_pairs[];
extern const u32 bench_nr_task_pairs;

/* What the items of both sides call, and what both sides wait for. */
void bench_ran(unsigned long value);
void bench_expect(u32 n);
/* The values below @n count apart from the others, of which there are as many. */
void bench_expect_two(u32 n);
void bench_wait(void);

/* Occupies a worker: executed by an item, until bench_unblock(). */
void bench_block(void);
void bench_wait_blocked(void);
void bench_unblock(void);

/* Far enough not to expire while it is measured. */
#define BENCH_DELAY (1000 * HZ)

#endif
