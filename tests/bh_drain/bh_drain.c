// SPDX-License-Identifier: GPL-2.0
/*
 * Work that is queued on a BH workqueue while that is drained or destroyed.
 *
 * What its own items queue is chained work and must be executed. What comes from elsewhere must be refused
 * with a warning, however late it comes. A case is run by writing its name to the parameter "run". It
 * asserts in the thread of the writer; callbacks only note what they have seen. Whether there were warnings
 * is for the reader of the kernel log to judge.
 *
 * The test and destroy_workqueue() run on CPU 0, items of the queue on CPU 1, and what queues from elsewhere,
 * if it does not have to be on top of an item, on CPU 2. Callbacks keep the latter two busy.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#define ENDER_CPU	0
#define ITEM_CPU	1
#define OUTSIDE_CPU	2

#define ROUNDS		1000	/* executions of chained work, half of them before the drain */
#define LATE		1000	/* attempts to queue when destroy_workqueue() has returned */
#define LIMIT_MS	10000	/* for whatever can take forever, in the thread of the test */
#define SPIN_LIMIT_MS	5000	/* and in callbacks, so that these end first */

/* What a case is made of, and what its callbacks note. */
static struct {
	const char *name;
	struct workqueue_struct *wq;
	int failed;
	bool stuck;		/* something is left that cannot be ended */

	/* the thread that drains or destroys */
	struct task_struct *ender;
	bool drain_only;
	bool started;
	bool entered;
	bool ended;
	struct completion done;

	/* chained work */
	struct work_struct chained[2];
	bool pair;
	int executed;
	int not_queued;
	bool halfway;
	bool go_on;
	int executed_dead;	/* by another CPU, as its own is dead */

	/* items that keep the queue from being drained */
	struct work_struct hold[2];
	bool holding[2];
	bool release[2];
	bool tasklet_after_hold;

	/* work from outside */
	struct work_struct late;
	atomic_t late_executed;
	int refused, accepted, busy;
	int refused_at_end;	/* those after destroy_workqueue() */
	bool inside;
	bool attempted;
	struct timer_list timer;
	struct tasklet_struct tasklet;
	struct workqueue_struct *other_wq;
	struct work_struct other;
	bool timed_out;
} t;

#define expect(condition, fmt, ...)						\
	do {									\
		if (!(condition)) {						\
			pr_info("%s: wrong: " fmt "\n", t.name, ##__VA_ARGS__);	\
			t.failed++;						\
		}								\
	} while (0)

/* In callbacks: waits without sleeping. */
#define spin_until(condition)							\
	do {									\
		ktime_t end = ktime_add_ms(ktime_get(), SPIN_LIMIT_MS);		\
										\
		while (!(condition)) {						\
			if (ktime_after(ktime_get(), end)) {			\
				WRITE_ONCE(t.timed_out, true);			\
				break;						\
			}							\
			cpu_relax();						\
		}								\
	} while (0)

/* In the thread of the test. The condition may hold for a moment only. */
#define wait_until(condition, what)						\
	({									\
		ktime_t end = ktime_add_ms(ktime_get(), LIMIT_MS);		\
		bool met;							\
										\
		while (!(met = (condition)) && ktime_before(ktime_get(), end))	\
			usleep_range(100, 200);					\
		expect(met, "not within %d ms: %s", LIMIT_MS, what);		\
		met;								\
	})

static int end_queue(void *unused)
{
	smp_store_release(&t.entered, true);
	if (t.drain_only)
		drain_workqueue(t.wq);
	else
		destroy_workqueue(t.wq);
	smp_store_release(&t.ended, true);
	complete(&t.done);
	return 0;
}

/* The thread is there already: kthreadd, too, could be on a CPU that callbacks keep busy. */
static void start_ender(void)
{
	t.started = true;
	wake_up_process(t.ender);
}

/* Nothing before the drain sleeps. So if it sleeps, the queue has been marked, and its items are waited for. */
static bool ender_waits(void)
{
	return smp_load_acquire(&t.entered) && (READ_ONCE(t.ender->__state) & TASK_UNINTERRUPTIBLE);
}

static bool join_ender(void)
{
	if (!t.started) {
		/* Whatever has kept the case from starting it was reported. */
		kthread_stop_put(t.ender);
		destroy_workqueue(t.wq);
		return false;
	}
	if (!wait_until(smp_load_acquire(&t.ended), t.drain_only ? "drain_workqueue() returns" :
			"destroy_workqueue() returns")) {
		t.stuck = true;
		return false;
	}
	wait_for_completion(&t.done);
	put_task_struct(t.ender);
	return true;
}

/*
 * Chained work: an item that queues itself, or two that queue each other. They stay on one CPU, because
 * drain_workqueue() looks at the CPUs one after the other, and misses what goes from one to another.
 */

static void chained_fn(struct work_struct *work)
{
	int executed = ++t.executed;

	if (executed == ROUNDS / 2) {
		WRITE_ONCE(t.halfway, true);
		spin_until(READ_ONCE(t.go_on));
	}
	if (executed >= ROUNDS)
		return;
	if (t.pair)
		work = work == &t.chained[0] ? &t.chained[1] : &t.chained[0];
	if (!queue_work(t.wq, work))
		t.not_queued++;
}

static void chained(bool drain_only, bool pair)
{
	t.drain_only = drain_only;
	t.pair = pair;
	INIT_WORK(&t.chained[0], chained_fn);
	INIT_WORK(&t.chained[1], chained_fn);

	queue_work_on(ITEM_CPU, t.wq, &t.chained[0]);
	if (wait_until(READ_ONCE(t.halfway), "half of the executions")) {
		start_ender();
		wait_until(ender_waits(), "the thread waits for the item");
	}
	WRITE_ONCE(t.go_on, true);
	if (!join_ender())
		return;
	expect(t.executed == ROUNDS, "executed %d times, not %d", t.executed, ROUNDS);
	expect(!t.not_queued, "%d times, queue_work() returned false", t.not_queued);
	t.stuck = work_pending(&t.chained[0]) || work_pending(&t.chained[1]);
	expect(!t.stuck, "an item is still pending");
	if (drain_only && !t.failed) {
		/* It can be used again. */
		expect(queue_work_on(ITEM_CPU, t.wq, &t.chained[0]), "not queued after drain_workqueue()");
		destroy_workqueue(t.wq);
		expect(t.executed == ROUNDS + 1, "not executed after drain_workqueue()");
	}
	pr_info("%s: executed %d times, %d of them after the %s began\n", t.name, ROUNDS, ROUNDS - ROUNDS / 2,
		drain_only ? "drain" : "destruction");
}

#ifdef CONFIG_HOTPLUG_CPU
#define DEAD_ROUNDS	100

/* Queues itself all the time until it has been executed on behalf of a dead CPU, by a work item of another. */
static void dead_fn(struct work_struct *work)
{
	if (smp_processor_id() != ITEM_CPU && ++t.executed_dead == DEAD_ROUNDS)
		return;
	if (READ_ONCE(t.go_on))
		return;
	t.executed++;
	if (!queue_work(t.wq, work))
		t.not_queued++;
}

static void dead_cpu(void)
{
	int err;

	INIT_WORK(&t.chained[0], dead_fn);
	queue_work_on(ITEM_CPU, t.wq, &t.chained[0]);
	start_ender();
	if (wait_until(ender_waits(), "destroy_workqueue() waits for the item")) {
		err = remove_cpu(ITEM_CPU);
		expect(!err, "CPU %d does not go offline: %d", ITEM_CPU, err);
		wait_until(smp_load_acquire(&t.ended), "destroy_workqueue() returns");
		if (!err)
			expect(!add_cpu(ITEM_CPU), "CPU %d does not come back", ITEM_CPU);
	}
	/* In case the CPU is not dead. */
	WRITE_ONCE(t.go_on, true);
	if (!join_ender())
		return;
	expect(t.executed_dead == DEAD_ROUNDS, "executed %d times for a dead CPU, not %d", t.executed_dead,
	       DEAD_ROUNDS);
	expect(!t.not_queued, "%d times, queue_work() returned false", t.not_queued);
	t.stuck = work_pending(&t.chained[0]);
	expect(!t.stuck, "the item is still pending");
	pr_info("%s: executed %d times, and %d times for a dead CPU\n", t.name, t.executed, t.executed_dead);
}
#endif

static void self_drain(void) { chained(true, false); }
static void self_destroy(void) { chained(false, false); }
static void pair_drain(void) { chained(true, true); }
static void pair_destroy(void) { chained(false, true); }

/* Work from elsewhere. */

static void hold_fn(struct work_struct *work)
{
	int n = work - t.hold;

	WRITE_ONCE(t.holding[n], true);
	spin_until(READ_ONCE(t.release[n]));
	if (n == 0 && t.tasklet_after_hold)
		tasklet_schedule(&t.tasklet);
}

static void late_fn(struct work_struct *work)
{
	atomic_inc(&t.late_executed);
}

/*
 * Queues on a CPU on which BH work cannot be executed before this returns: something there is in softirq
 * context. So if the item is pending, it was accepted, and else refused.
 */
static void attempt(int cpu)
{
	if (!queue_work_on(cpu, t.wq, &t.late))
		t.busy++;
	else if (work_pending(&t.late))
		t.accepted++;
	else
		t.refused++;
}

/* Hands the queue over to destroy_workqueue(), with an item executing that keeps it from getting further. */
static bool destroy_slowly(int items)
{
	int n;

	for (n = 0; n < items; n++) {
		queue_work_on(n ? OUTSIDE_CPU : ITEM_CPU, t.wq, &t.hold[n]);
		if (!wait_until(READ_ONCE(t.holding[n]), "the item is executing"))
			return false;
	}
	start_ender();
	return wait_until(ender_waits(), "destroy_workqueue() waits for the item");
}

static void check_refusals(int refused)
{
	WRITE_ONCE(t.release[0], true);
	WRITE_ONCE(t.release[1], true);
	if (!join_ender())
		return;
	expect(t.refused >= refused, "refused %d times, not %d", t.refused, refused);
	expect(!t.accepted, "accepted %d times", t.accepted);
	expect(!t.busy, "%d times, queue_work() returned false", t.busy);
	expect(!work_pending(&t.late), "the item is still pending");
	expect(!atomic_read(&t.late_executed), "executed %d times", atomic_read(&t.late_executed));

	/* The item itself can be used. */
	expect(queue_work(system_bh_wq, &t.late), "not queued elsewhere");
	flush_work(&t.late);
	expect(atomic_read(&t.late_executed) == 1, "not executed elsewhere");
	if (t.refused_at_end)
		pr_info("%s: refused %d times during, and %d times after destroy_workqueue()\n", t.name,
			t.refused - t.refused_at_end, t.refused_at_end);
	else
		pr_info("%s: refused %d times\n", t.name, t.refused);
}

static void attempt_once(void)
{
	attempt(ITEM_CPU);
	smp_store_release(&t.attempted, true);
}

static void by_thread(void)
{
	if (destroy_slowly(1))
		attempt_once();
	check_refusals(1);
}

static void attempt_ipi(void *unused)
{
	attempt_once();
}

static void by_hardirq(void)
{
	/* On top of the item, but not part of it. */
	if (destroy_slowly(1))
		smp_call_function_single(ITEM_CPU, attempt_ipi, NULL, true);
	check_refusals(1);
}

static void attempt_timer(struct timer_list *timer)
{
	attempt_once();
}

static void start_timer(void (*function)(struct timer_list *timer))
{
	timer_setup(&t.timer, function, TIMER_PINNED);
	t.timer.expires = jiffies + 1;
	add_timer_on(&t.timer, OUTSIDE_CPU);
}

static void by_timer(void)
{
	if (destroy_slowly(1)) {
		start_timer(attempt_timer);
		wait_until(smp_load_acquire(&t.attempted), "the timer expires");
		timer_shutdown_sync(&t.timer);
	}
	check_refusals(1);
}

static void attempt_tasklet(struct tasklet_struct *tasklet)
{
	attempt_once();
}

static void by_tasklet_after_item(void)
{
	/* In the same softirq, on top of the same task, directly after an item of the queue. */
	t.tasklet_after_hold = true;
	tasklet_setup(&t.tasklet, attempt_tasklet);
	if (destroy_slowly(2)) {
		WRITE_ONCE(t.release[0], true);
		wait_until(smp_load_acquire(&t.attempted), "the tasklet is run");
		tasklet_kill(&t.tasklet);
	}
	check_refusals(1);
}

static void attempt_work(struct work_struct *work)
{
	attempt_once();
}

static void by_other_queue(void)
{
	t.other_wq = alloc_workqueue("bh_drain_other", WQ_BH | WQ_PERCPU, 0);
	expect(t.other_wq, "no other workqueue");
	if (t.other_wq && destroy_slowly(1)) {
		INIT_WORK(&t.other, attempt_work);
		queue_work_on(OUTSIDE_CPU, t.other_wq, &t.other);
		wait_until(smp_load_acquire(&t.attempted), "the item of the other queue is executed");
	}
	check_refusals(1);
	if (t.other_wq)
		destroy_workqueue(t.other_wq);
}

/*
 * From when destroy_workqueue() waits for the item, to when it has returned, and more. This is an RCU reader
 * all the time, so the memory of the queue is not freed before it ends.
 */
static void attempt_all_the_time(void)
{
	int n;

	rcu_read_lock();
	attempt(OUTSIDE_CPU);
	WRITE_ONCE(t.release[0], true);
	spin_until(({ attempt(OUTSIDE_CPU); smp_load_acquire(&t.ended); }));
	t.refused_at_end = t.refused;
	for (n = 0; n < LATE; n++)
		attempt(OUTSIDE_CPU);
	t.refused_at_end = t.refused - t.refused_at_end;
	rcu_read_unlock();
	smp_store_release(&t.attempted, true);
}

static void timer_all_the_time(struct timer_list *timer)
{
	attempt_all_the_time();
}

static void all_the_time(void)
{
	if (destroy_slowly(1)) {
		start_timer(timer_all_the_time);
		wait_until(smp_load_acquire(&t.attempted), "the timer's function ends");
		timer_shutdown_sync(&t.timer);
	}
	check_refusals(LATE + 1);
}

/* Only when destroy_workqueue() has returned, so that this is what the warning is about. */
static void tasklet_destroyed(struct tasklet_struct *tasklet)
{
	int n;

	rcu_read_lock();
	WRITE_ONCE(t.inside, true);
	spin_until(smp_load_acquire(&t.ended));
	for (n = 0; n < LATE; n++)
		attempt(OUTSIDE_CPU);
	t.refused_at_end = t.refused;
	rcu_read_unlock();
	smp_store_release(&t.attempted, true);
}

static void schedule_tasklet(struct timer_list *timer)
{
	tasklet_schedule(&t.tasklet);
}

static void destroyed(void)
{
	tasklet_setup(&t.tasklet, tasklet_destroyed);
	start_timer(schedule_tasklet);
	if (wait_until(READ_ONCE(t.inside), "the tasklet is run")) {
		start_ender();
		wait_until(smp_load_acquire(&t.attempted), "the tasklet ends");
	}
	timer_shutdown_sync(&t.timer);
	tasklet_kill(&t.tasklet);
	check_refusals(LATE);
}

static const struct {
	const char *name;
	unsigned int flags;
	void (*function)(void);
} cases[] = {
	{ "self-drain", 0, self_drain },
	{ "self-drain-highpri", WQ_HIGHPRI, self_drain },
	{ "self-destroy", 0, self_destroy },
	{ "self-destroy-highpri", WQ_HIGHPRI, self_destroy },
	{ "pair-drain", 0, pair_drain },
	{ "pair-destroy", 0, pair_destroy },
#ifdef CONFIG_HOTPLUG_CPU
	{ "dead-cpu", 0, dead_cpu },
	{ "dead-cpu-highpri", WQ_HIGHPRI, dead_cpu },
#endif
	{ "thread", 0, by_thread },
	{ "hardirq", 0, by_hardirq },
	{ "timer", 0, by_timer },
	{ "tasklet-after-item", 0, by_tasklet_after_item },
	{ "other-queue", 0, by_other_queue },
	{ "all-the-time", 0, all_the_time },
	{ "all-the-time-highpri", WQ_HIGHPRI, all_the_time },
	{ "destroyed", 0, destroyed },
	{ "destroyed-highpri", WQ_HIGHPRI, destroyed },
};

static int run_case(const char *name, const struct kernel_param *param)
{
	char wanted[32];
	int n;

	if (strscpy(wanted, name, sizeof(wanted)) < 0)
		return -EINVAL;
	strim(wanted);
	for (n = 0; n < ARRAY_SIZE(cases) && strcmp(cases[n].name, wanted); n++)
		;
	if (n == ARRAY_SIZE(cases))
		return -EINVAL;
	if (raw_smp_processor_id() != ENDER_CPU) /* the writer has to be bound to it */
		return -EBUSY;
	if (t.stuck || !cpu_online(ITEM_CPU) || !cpu_online(OUTSIDE_CPU))
		return -EBUSY;

	memset(&t, 0, sizeof(t));
	t.name = cases[n].name;
	init_completion(&t.done);
	INIT_WORK(&t.hold[0], hold_fn);
	INIT_WORK(&t.hold[1], hold_fn);
	INIT_WORK(&t.late, late_fn);
	pr_info("%s: begins\n", t.name);
	t.wq = alloc_workqueue("bh_drain", WQ_BH | WQ_PERCPU | cases[n].flags, 0);
	if (!t.wq)
		return -ENOMEM;
	t.ender = kthread_create_on_cpu(end_queue, NULL, ENDER_CPU, "bh_drain/%u");
	if (IS_ERR(t.ender)) {
		destroy_workqueue(t.wq);
		return PTR_ERR(t.ender);
	}
	get_task_struct(t.ender);
	cases[n].function();
	expect(!READ_ONCE(t.timed_out), "a callback has waited for %d ms", SPIN_LIMIT_MS);
	pr_info("%s: %s\n", t.name, t.failed ? "FAIL" : "PASS");
	return t.stuck ? -EIO : 0;
}

static const struct kernel_param_ops run_ops = { .set = run_case };

module_param_cb(run, &run_ops, NULL, 0200);
MODULE_PARM_DESC(run, "name of the case to run");

static int __init bh_drain_init(void)
{
	return 0;
}
module_init(bh_drain_init);

MODULE_DESCRIPTION("Work that is queued on a BH workqueue while that is drained or destroyed");
MODULE_LICENSE("GPL");
