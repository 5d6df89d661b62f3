// SPDX-License-Identifier: GPL-2.0
/*
 * Work that the thread which has opened the file, the opener, executes before it is in user space.
 * An opener sleeps in a system call until it is woken up: until then, it does not get there.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "lab.h"

#define LIMIT 60 /* seconds; only a hang takes that long */
#define A_WHILE 100 /* ms in which something would happen that must not */

enum mode { NONE = 1, RESUME, SIGNAL, SIGNAL_NO_IPI };

static struct opener {
	struct lab lab;
	pthread_t thread;
	pid_t tid;
	int wakeup[2], seen; /* what the opener has seen when it was back in user space */
	atomic_bool open, awake;
} o;

static void *opener(void *unused)
{
	char c;

	(void)unused;
	open_lab(&o.lab);
	o.tid = gettid();
	o.open = true;
	if (read(o.wakeup[0], &c, 1) != 1)
		check(false, "the system call of the opener fails: %s", strerror(errno));
	o.awake = true;
	o.seen = count(&o.lab, TASK_WORK_ITEM, true);
	return NULL;
}

/* Once it has opened the file, the only place where an opener sleeps is where it is to sleep. */
static bool sleeps(pid_t tid)
{
	char path[60], stat[300] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, stat, sizeof(stat) - 1) < 0)
		check(false, "%s: %s", path, strerror(errno));
	close(fd);
	return strstr(stat, ") S ");
}

static void start(const char *name)
{
	section(name, LIMIT);
	memset(&o, 0, sizeof(o));
	if (pipe2(o.wakeup, O_CLOEXEC) || pthread_create(&o.thread, NULL, opener, NULL))
		abort();
	while (!o.open || !sleeps(o.tid))
		pause_ms(1);
}

static void wake(void)
{
	if (write(o.wakeup[1], "", 1) != 1)
		abort();
	pthread_join(o.thread, NULL);
	close(o.wakeup[0]);
	close(o.wakeup[1]);
}

static int executed(void)
{
	return count(&o.lab, TASK_WORK_ITEM, true);
}

static void by_opener(void)
{
	/* Its thread is over for its creator before it has executed what is left. */
	struct event *e = nth(&o.lab, TASK_WORK_ITEM, true, 1);

	check(e->thread == o.tid, "executed by the opener, thread %d", e->thread);
	pause_ms(A_WHILE);
	check(executed() == 1, "once");
	close_lab(&o.lab);
}

static void own_thread(enum mode mode, const char *name)
{
	struct lab lab;
	int n, result;

	section(name, LIMIT);
	open_lab(&lab);
	/* Nothing else may take this thread into the kernel and back. */
	result = ioctl(lab.fd, TASK_WORK, &mode);
	n = count(&lab, TASK_WORK_ITEM, true);
	check(!result && n == 1, "executed when the system call has returned");
	check(nth(&lab, TASK_WORK_ITEM, true, 1)->thread == gettid(), "by the caller, thread %d", gettid());
	EXPECT(&lab, TASK_WORK, mode, 0);
	check(count(&lab, TASK_WORK_ITEM, true) == 2, "and again");
	close_lab(&lab);
}

static void asleep(enum mode mode, const char *name)
{
	start(name);
	EXPECT(&o.lab, TASK_WORK, mode, 0);
	pause_ms(A_WHILE);
	check(!executed(), "not executed while the opener sleeps");
	EXPECT(&o.lab, TASK_WORK, mode, -EBUSY);
	check(nth(&o.lab, REFUSED, false, 1)->value == -EBUSY, "the item came back");
	wake();
	if (mode == RESUME)
		check(o.seen == 1, "executed when its system call has returned");
	by_opener();
}

static void signalled(enum mode mode, const char *name)
{
	start(name);
	EXPECT(&o.lab, TASK_WORK, mode, 0);
	nth(&o.lab, TASK_WORK_ITEM, true, 1);
	check(!o.awake, "executed while the system call of the opener goes on");
	wake();
	by_opener();
}

static void cancelled(void)
{
	start("task work, cancelled");
	EXPECT(&o.lab, TASK_WORK_CANCEL, 0, 0);
	EXPECT(&o.lab, TASK_WORK, RESUME, 0);
	EXPECT(&o.lab, TASK_WORK_CANCEL, 0, 1);
	EXPECT(&o.lab, TASK_WORK_CANCEL, 0, 0);
	wake();
	pause_ms(A_WHILE);
	check(!o.seen && !executed(), "not executed");
	close_lab(&o.lab);
}

static void exited(void)
{
	int error = 0, mode = RESUME, accepted = 0;

	start("task work, exited");
	wake();
	/* Until the thread has executed its last task work, it takes more. */
	while (!(error = ioctl(o.lab.fd, TASK_WORK, &mode) ? errno : 0))
		nth(&o.lab, TASK_WORK_ITEM, true, ++accepted);
	check(error == ESRCH, "TASK_WORK for a thread that has exited: %s", error_name(error));
	check(nth(&o.lab, REFUSED, false, 1)->value == -ESRCH, "the item came back");
	EXPECT(&o.lab, TASK_WORK_CANCEL, 0, 0);
	check(executed() == accepted, "not executed");
	close_lab(&o.lab);
}

/* The file is closed, so nothing but the task work keeps the module. */
static void pending(void)
{
	int error, i;

	start("task work, unload");
	EXPECT(&o.lab, TASK_WORK, NONE, 0);
	close_lab(&o.lab);
	for (i = 0; i < 3; i++) {
		error = unload();
		check(error == EWOULDBLOCK, "unload while it is pending: %s", error_name(error));
		/* The opener would execute what is not there any more, and the kernel with it would hang. */
		if (!error)
			finish();
		pause_ms(A_WHILE / 2);
	}
	o.lab.fd = -1;
	wake();
	while ((error = unload()) == EWOULDBLOCK)
		pause_ms(5);
	check(!error, "unload when it has been executed: %s", error_name(error));
	section("task work, unloaded", LIMIT);
	check(!load(0), "the module can be loaded again");
}

void task_work(void)
{
	own_thread(RESUME, "task work, resume, own");
	own_thread(SIGNAL, "task work, signal, own");
	own_thread(SIGNAL_NO_IPI, "task work, signal without IPI, own");
	asleep(NONE, "task work, none, asleep");
	asleep(RESUME, "task work, resume, asleep");
	signalled(SIGNAL, "task work, signal, asleep");
	signalled(SIGNAL_NO_IPI, "task work, signal without IPI, asleep");
	cancelled();
	exited();
	pending();
}
