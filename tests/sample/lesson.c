// SPDX-License-Identifier: GPL-2.0
/* Solves the exercises of samples/rust/rust_workqueue.rs. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>

#include "walk.h"

#define KICK		_IO('|', 0x90)
#define KICK_ON		_IO('|', 0x91)
#define DELAY		_IO('|', 0x92)
#define CANCEL		_IO('|', 0x93)
#define PAIR		_IO('|', 0x94)

enum kind { ORDERED = 1, UNBOUND, HIGHPRI };
enum { SLOW = 1, QUICK }; /* the values of a pair */

#define LIMIT 30 /* seconds; only a hang takes that long */
#define MINUTE 60000
#define MS 1000000ll
/* Clocks of emulated CPUs differ, and a timer counts in ticks. */
#define TICK (10 * MS)
#define ATTEMPTS 10
#define MANY 1000000
#define MAX_EVENTS 64 /* the events that a file keeps until they are read */

static struct event {
	long long value;
	int thread, cpu;
	long long asked, begun, ended; /* ns since the file was opened */
} events[2 * MAX_EVENTS];

static int fd, n; /* the open file, and how many of its events have been read */

#define EXPECT(command, argument, result) expect(fd, command, argument, result, #command)

static void begin(const char *name)
{
	section(name, LIMIT);
	n = 0;
	fd = open("/dev/rust-workqueue", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return;
	check(false, "open: %s", strerror(errno));
	finish();
}

static void end(void)
{
	close(fd);
}

/* How many events there have been. */
static int executions(void)
{
	const int room = sizeof(events) / sizeof(*events);

	while (n < room && read(fd, &events[n], sizeof(*events)) == sizeof(*events))
		n++;
	return n;
}

/* The nth event, from 1 on; waits for it. */
static struct event *nth(int number)
{
	struct event *e = &events[number - 1];

	while (executions() < number)
		pause_ms(5); /* The alarm of the section ends this. */
	say("value %lld by thread %d on CPU %d, asked for at %lld us, executed from %lld to %lld us", e->value,
	    e->thread, e->cpu, e->asked / 1000, e->begun / 1000, e->ended / 1000);
	return e;
}

static void kick(void)
{
	struct event *e;

	begin("lesson, kick (1, 3)");
	EXPECT(KICK, 1, 0);
	e = nth(1);
	check(e->value == 1 && e->thread != gettid(), "executed with the value 1, not by thread %d", gettid());
	check(0 < e->asked && e->asked <= e->begun && e->begun <= e->ended, "after it was queued");
	EXPECT(KICK, 1, 0);
	nth(2);
	end();
}

static void busy(void)
{
	bool seen = false;
	int i, error;
	double start;

	for (i = 0; i < ATTEMPTS && !seen; i++) {
		begin("lesson, busy (2)");
		start = now();
		EXPECT(DELAY, 500, 0);
		error = ioctl(fd, KICK, 1) ? errno : 0;
		/* However late this thread gets the CPU, it was not executed yet. */
		seen = now() - start < 0.5;
		if (seen)
			check(error == EBUSY, "KICK when it is queued already: %s", error_name(error));
		nth(1);
		pause_ms(100);
		if (seen)
			check(executions() == 1, "executed once");
		end();
	}
	check(seen, "it was queued long enough to see that");
}

static void repeat(void)
{
	struct event *e;
	int i;

	begin("lesson, repeat (4)");
	EXPECT(KICK, 5, 0);
	for (i = 1; i <= 5; i++) {
		e = nth(i);
		check(e->value == 6 - i && (i == 1 || e->begun - e[-1].ended >= 10 * MS - TICK / 2), "to be executed %d more times",
		      5 - i);
	}
	pause_ms(200);
	check(executions() == 5, "not executed again");
	end();
}

/* The name of a worker tells for which queues it works: kworker/u8:1 for unbound ones, kworker/0:1H for
 * those of high priority on CPU 0. More may follow.
 */
static bool right_worker(int thread, enum kind kind)
{
	char path[40], name[40] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", thread);
	file = fopen(path, "r");
	if (!file || !fgets(name, sizeof(name), file))
		check(false, "%s: %s", path, strerror(errno));
	if (file)
		fclose(file);
	name[strcspn(name, "-+\n")] = '\0';
	say("thread %d is %s", thread, name);
	return !strncmp(name, "kworker/u", 9) == (kind != HIGHPRI) && !strchr(name, 'H') == (kind != HIGHPRI);
}

/* The two events of a pair, which is over: no need to wait. Tells whether the quick one came first. */
static bool overtaken(struct event **slow, struct event **quick)
{
	struct event *first, *second;

	if (!check(executions() == 2, "both have been executed when PAIR returns"))
		finish();
	first = nth(1);
	second = nth(2);
	*slow = first->value == SLOW ? first : second;
	*quick = first->value == SLOW ? second : first;
	check((*slow)->value == SLOW && (*quick)->value == QUICK, "one is slow, one is quick");
	check((*slow)->ended - (*slow)->begun >= 300 * MS - TICK, "the slow one takes %lld ms",
	      ((*slow)->ended - (*slow)->begun) / MS);
	check((*slow)->asked <= (*slow)->begun && (*slow)->asked == (*quick)->asked, "both were asked for before");
	return (*quick)->begun < (*slow)->ended;
}

static void pair(enum kind kind, const char *name)
{
	struct event *slow, *quick;
	bool seen = false;
	int i;

	for (i = 0; i < ATTEMPTS && !seen; i++) {
		begin(name);
		EXPECT(PAIR, kind, 0);
		/* Where they need not be in order, the quick one is late if it does not get the CPU. */
		seen = overtaken(&slow, &quick) != (kind == ORDERED);
		if (kind == ORDERED)
			check(seen, "the quick one has waited for the slow one");
		check(right_worker(quick->thread, kind), "executed by a worker of such a queue");
		end();
	}
	check(seen, kind == ORDERED ? "in order" : "the quick one has not waited for the slow one");
}

static void delay(void)
{
	struct event *e;

	begin("lesson, delay (6)");
	EXPECT(DELAY, 500, 0);
	e = nth(1);
	check(e->value == 1 && e->asked > 0, "to be executed once, as was asked");
	check(e->begun - e->asked >= 500 * MS - TICK, "executed %lld ms after that", (e->begun - e->asked) / MS);
	end();

	begin("lesson, modify (6)");
	EXPECT(DELAY, MINUTE, 0);
	pause_ms(100);
	EXPECT(DELAY, 300, 1);
	e = nth(1);
	check(e->value == 1 && e->asked >= 100 * MS - TICK, "to be executed once, as was asked last");
	check(e->begun - e->asked >= 300 * MS - TICK, "executed %lld ms after that", (e->begun - e->asked) / MS);
	end();

	begin("lesson, cancel (6)");
	EXPECT(DELAY, MINUTE, 0);
	EXPECT(CANCEL, 0, 1);
	EXPECT(CANCEL, 0, 0);
	EXPECT(KICK, 1, 0);
	nth(1);
	check(executions() == 1, "executed when it is queued again");
	EXPECT(CANCEL, 0, 0);
	end();
}

static void stop(void)
{
	int times, error;

	begin("lesson, stop (8)");
	EXPECT(KICK, MANY, 0);
	check(nth(3)->value == MANY - 2, "it goes on and on");
	/* Returns whether it was delayed, or running. */
	error = ioctl(fd, CANCEL) < 0 ? errno : 0;
	times = executions();
	check(!error, "stopped after %d times", times);
	pause_ms(200);
	check(executions() == times, "not executed any more");
	EXPECT(KICK, 1, 0);
	check(nth(times + 1)->value == 1, "executed when it is queued again");
	end();
}

static void cpu(void)
{
	cpu_set_t cpus;
	int i;

	begin("lesson, CPU (9)");
	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (i = 0; i < CPU_COUNT(&cpus); i++) {
		EXPECT(CANCEL, 0, 0); /* waits until it is not running on another one */
		EXPECT(KICK_ON, i, 0);
		check(nth(i + 1)->cpu == i && nth(i + 1)->value == 1, "executed on CPU %d", i);
	}
	EXPECT(KICK_ON, 1000000, -EINVAL);
	check(executions() == CPU_COUNT(&cpus), "nothing was queued for one that does not exist");
	end();
}

static void reads(void)
{
	ssize_t result;
	int i;

	begin("lesson, read");
	check(read(fd, events, sizeof(*events)) == 0, "nothing, when nothing has been executed");
	EXPECT(KICK, 1, 0);
	for (i = 0; i < 40; i++) {
		if (read(fd, events, sizeof(*events) - 1) >= 0 || errno != EINVAL)
			break;
		pause_ms(5);
	}
	check(i == 40, "less than an event cannot be read");
	check(nth(1)->value == 1, "and the event is still there");

	EXPECT(KICK, 1, 0);
	while (!(result = read(fd, (void *)8, sizeof(*events))))
		pause_ms(5); /* The alarm of the section ends this. */
	check(result < 0 && errno == EFAULT, "a bad pointer is told");
	end();
}

static void errors_of_lesson(void)
{
	begin("lesson, errors");
	EXPECT(_IO('|', 0x80), 0, -ENOTTY);
	EXPECT(_IOW('|', 0x90, int), 0, -ENOTTY);
	EXPECT(KICK, -1, -EINVAL);
	EXPECT(PAIR, 0, -EINVAL);
	EXPECT(PAIR, 4, -EINVAL);
	check(executions() == 0, "nothing was executed");
	end();
}

/* Events that are not read do not need more and more memory. */
static void full(void)
{
	int i;

	for (i = 1; i <= ATTEMPTS; i++) {
		begin("lesson, full");
		EXPECT(KICK, MANY, 0);
		pause_ms(i * (20 * MAX_EVENTS + 500));
		ioctl(fd, CANCEL);
		if (executions() >= MAX_EVENTS)
			break;
		end();
	}
	if (check(n == MAX_EVENTS, "%d events were kept", n))
		check(events[0].value == MANY && events[n - 1].value == MANY - n + 1, "the oldest ones");
	EXPECT(KICK, 1, 0);
	nth(n + 1);
	end();
}

/* It is on a queue of the system. If it were still there, it would crash when the module is gone. */
static void closing(void)
{
	int error;

	begin("lesson, close (8)");
	EXPECT(KICK, MANY, 0);
	nth(3);
	end();
	begin("lesson, close, delayed (8)");
	EXPECT(DELAY, 200, 0);
	error = unload_module("rust_workqueue");
	check(error == EWOULDBLOCK, "unload with an open file: %s", error_name(error));
	end();
	section("lesson, unload", LIMIT);
	error = unload_module("rust_workqueue");
	check(!error, "the module can be unloaded: %s", error_name(error));
	pause_ms(400);
	say("silence");
}

void lesson(void)
{
	int error;

	section("lesson, load", LIMIT);
	error = load_file("/rust_workqueue.ko", "");
	if (!check(!error, "the module can be loaded: %s", error_name(error)))
		return;
	kick();
	busy();
	repeat();
	pair(ORDERED, "lesson, ordered pair (5, 7, 9)");
	pair(UNBOUND, "lesson, pair (5, 7, 9)");
	pair(HIGHPRI, "lesson, pair of high priority (5, 7, 9)");
	delay();
	stop();
	cpu();
	reads();
	errors_of_lesson();
	full();
	closing();
}
