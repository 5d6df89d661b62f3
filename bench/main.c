// SPDX-License-Identifier: GPL-2.0
/*
 * Measures pairs of sides, see bench.h. The sides of a pair are measured in turns, in an order that
 * changes each round. Writing to the parameter "run" measures, and prints lines that a script
 * reads. Writing to "task_work" starts one sample of a pair that needs a task that returns to user
 * mode, and ends the sample before; it fails when there is no more.
 */
#define pr_fmt(fmt) "bench: " fmt

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/clock.h>
#include <linux/timekeeping.h>
#include <linux/timex.h>
#include <linux/workqueue.h>

#include "rust_side.h"

#define MAX_ROUNDS 200

static u32 rounds = 31;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "samples of each side");

static u32 divide = 1;
module_param(divide, uint, 0444);
MODULE_PARM_DESC(divide, "make samples this many times shorter");

static bool cycles;
module_param(cycles, bool, 0444);
MODULE_PARM_DESC(cycles, "count cycles, which are instructions if the emulator has it so");

static bool only_tasks;
module_param(only_tasks, bool, 0444);
MODULE_PARM_DESC(only_tasks, "measure only the pairs that need a task which returns to user mode");

static u64 samples[2][MAX_ROUNDS];

static u64 now(void)
{
	return cycles ? get_cycles() : ktime_get_ns();
}

/* Two tasks have one counter each, so that they do not wait for each other's cache line. */
static struct {
	atomic_t left;
} ____cacheline_aligned counters[2];
static unsigned long __read_mostly split;
static atomic_t unfinished;
static DECLARE_COMPLETION(all_ran);
static u64 ran_at;

void bench_ran(unsigned long value)
{
	if (!atomic_dec_and_test(&counters[value >= split].left))
		return;
	if (!atomic_dec_and_test(&unfinished))
		return;
	ran_at = now();
	complete(&all_ran);
}

void bench_expect(u32 n)
{
	reinit_completion(&all_ran);
	split = ULONG_MAX;
	atomic_set(&unfinished, 1);
	atomic_set(&counters[0].left, n);
}

void bench_expect_two(u32 n)
{
	bench_expect(n);
	split = n;
	atomic_set(&unfinished, 2);
	atomic_set(&counters[1].left, n);
}

void bench_wait(void)
{
	wait_for_completion(&all_ran);
}

static DECLARE_COMPLETION(blocked);
static DECLARE_COMPLETION(unblocked);

void bench_block(void)
{
	complete(&blocked);
	wait_for_completion(&unblocked);
}

void bench_wait_blocked(void)
{
	wait_for_completion(&blocked);
}

void bench_unblock(void)
{
	complete(&unblocked);
}

/* The second thread, for pairs that have two. */
static struct {
	struct completion go, done;
	const struct bench_side *side;
	void *state;
	u32 n;
	u64 start, end;
} other;
static atomic_t ready;

static void meet(void)
{
	atomic_inc(&ready);
	while (atomic_read(&ready) < 2)
		cpu_relax();
}

static int other_thread(void *unused)
{
	while (true) {
		wait_for_completion(&other.go);
		if (!other.side)
			break;
		meet();
		other.start = now();
		other.side->run(other.state, 1, other.n);
		other.end = now();
		complete(&other.done);
	}
	complete(&other.done);
	return 0;
}

static int sample(const struct bench_pair *pair, const struct bench_side *side, u32 n, u64 *time)
{
	void *state = side->setup(n, pair->threads);
	u64 start, end;

	if (!state)
		return -ENOMEM;
	if (pair->threads == 2) {
		atomic_set(&ready, 0);
		other.side = side;
		other.state = state;
		other.n = n;
		complete(&other.go);
		meet();
	}
	start = now();
	side->run(state, 0, n);
	end = now();
	if (pair->threads == 2) {
		wait_for_completion(&other.done);
		start = min(start, other.start);
		end = max(end, other.end);
	}

	if (pair->time_finish)
		start = now();
	side->finish(state);
	if (pair->time_finish)
		end = now();

	*time = end - start;
	return 0;
}

static u32 operations(const struct bench_pair *pair)
{
	/* The number of items is part of what a pair with @time_finish is about. */
	return pair->time_finish ? pair->n : max(pair->n / divide, 1U);
}

static void report(const struct bench_pair *pair)
{
	u32 n = operations(pair);

	pr_info("pair|%s|%s|%u|%u|%u|%s|%s\n", pair->group, pair->name, n, pair->threads,
		pair->target, pair->label[0], pair->label[1]);
	for (u32 round = 0; round < rounds; round++)
		pr_info("sample|%s|%s|%llu|%llu\n", pair->group, pair->name, samples[0][round],
			samples[1][round]);
}

static int measure(const struct bench_pair *pair)
{
	u32 n = operations(pair);
	u64 unused;
	int err;

	/* Warm up. */
	for (u32 which = 0; which < 2; which++) {
		err = sample(pair, pair->side[which], n, &unused);
		if (err)
			return err;
	}

	for (u32 round = 0; round < rounds; round++) {
		for (u32 i = 0; i < 2; i++) {
			u32 which = (i + round) % 2;

			err = sample(pair, pair->side[which], n, &samples[which][round]);
			if (err)
				return err;
		}
	}
	return 0;
}

static int first_thread(void *done)
{
	int err = 0;

	for (u32 i = 0; i < bench_nr_pairs && !only_tasks && !err; i++) {
		const struct bench_pair *pair = &bench_pairs[i];

		if (pair->threads > num_online_cpus())
			continue;
		err = measure(pair);
		if (err)
			pr_err("%s failed: %d\n", pair->name, err);
		else
			report(pair);
	}
	complete(done);
	return err;
}

static int pinned(int (*f)(void *), void *arg, u32 cpu)
{
	struct task_struct *task = kthread_create(f, arg, "wq_bench/%u", cpu);

	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	return 0;
}

static int set_run(const char *value, const struct kernel_param *param)
{
	DECLARE_COMPLETION_ONSTACK(done);
	bool two = num_online_cpus() > 1;
	int err = 0;

	if (rounds > MAX_ROUNDS || !divide)
		return -EINVAL;
	pr_info("cpus|%u\n", num_online_cpus());
	pr_info("size|Work|%zu|%u\n", sizeof(struct work_struct), rust_sizes[0]);
	pr_info("size|DelayedWork|%zu|%u\n", sizeof(struct delayed_work), rust_sizes[1]);
	pr_info("size|ScopedWork|%zu|%u\n", sizeof(struct delayed_work), rust_sizes[2]);

	init_completion(&other.go);
	init_completion(&other.done);
	if (two)
		err = pinned(other_thread, NULL, 1);
	if (err)
		return err;
	err = pinned(first_thread, &done, 0);
	if (!err)
		wait_for_completion(&done);
	if (two) {
		other.side = NULL;
		complete(&other.go);
		wait_for_completion(&other.done);
	}
	return err;
}

static const struct kernel_param_ops run_ops = { .set = set_run };
module_param_cb(run, &run_ops, NULL, 0200);

/* The sample of a task pair that is being measured. */
static struct {
	const struct bench_side *side;
	void *state;
	u64 start;
	/* Counts the two of the warm-up too. */
	u32 pair, step;
} task;

static void task_sample_ends(void)
{
	u32 round = task.step / 2 - 1, which = (task.step % 2 + task.step / 2) % 2;

	bench_wait();
	task.side->finish(task.state);
	task.side = NULL;
	if (task.step >= 2)
		samples[which][round] = ran_at - task.start;
	if (++task.step == 2 * (rounds + 1)) {
		report(&bench_task_pairs[task.pair]);
		task.pair++;
		task.step = 0;
	}
}

/*
 * The second task of a pair that has two. Writes to parameters exclude each other, so it writes to a
 * device, each time waits for the next sample, and fails when there is no more.
 */
static struct {
	struct completion go;
	bool end;
	u32 n;
} other_task;

static ssize_t other_task_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	wait_for_completion(&other_task.go);
	if (other_task.end)
		return -ENODATA;
	meet();
	task.side->run(task.state, 1, other_task.n);
	return count;
}

static const struct file_operations other_task_fops = {
	.owner = THIS_MODULE,
	.write = other_task_write,
};

static struct miscdevice other_task_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "wq_bench_other_task",
	.fops = &other_task_fops,
};

static int set_task_work(const char *value, const struct kernel_param *param)
{
	const struct bench_pair *pair;
	u32 n, which;

	if (task.side)
		task_sample_ends();
	/* Two tasks need a CPU each. */
	while (task.pair < bench_nr_task_pairs && bench_task_pairs[task.pair].threads > num_online_cpus())
		task.pair++;
	if (task.pair == bench_nr_task_pairs) {
		other_task.end = true;
		complete(&other_task.go);
		return -ENODATA;
	}

	pair = &bench_task_pairs[task.pair];
	which = (task.step % 2 + task.step / 2) % 2;
	n = operations(pair);
	task.side = pair->side[which];
	task.state = task.side->setup(n, pair->threads);
	if (!task.state) {
		task.side = NULL;
		return -ENOMEM;
	}
	if (pair->threads == 2) {
		bench_expect_two(n);
		atomic_set(&ready, 0);
		other_task.n = n;
		complete(&other_task.go);
		meet();
	} else {
		bench_expect(n);
	}
	task.start = now();
	task.side->run(task.state, 0, n);
	return 0;
}

static const struct kernel_param_ops task_work_ops = { .set = set_task_work };
module_param_cb(task_work, &task_work_ops, NULL, 0200);

static int __init bench_init(void)
{
	init_completion(&other_task.go);
	return misc_register(&other_task_device);
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	misc_deregister(&other_task_device);
}
module_exit(bench_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Workqueues and task work, C and Rust side by side");
