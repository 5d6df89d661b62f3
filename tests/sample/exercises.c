// SPDX-License-Identifier: GPL-2.0
/* What the lab does, the wrong uses of it, and its limits. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>

#include "lab.h"

#define LIMIT 60 /* seconds; only a hang takes that long */
#define MINUTE 60000
#define ATTEMPTS 10

/* Whether everything since `start` has happened while a slow item that was queued after `start` was
 * running or queued, however late this thread gets the CPU. If not, nothing can be said. */
static bool still_slow(double start)
{
	return now() - start < SLOW_MS / 1000.0;
}

static void kick(void)
{
	struct lab lab;
	struct event *queued, *executed;

	section("kick", LIMIT);
	open_lab(&lab);
	EXPECT(&lab, KICK, 42, 0);
	executed = nth(&lab, KICK_ITEM, true, 1);
	queued = nth(&lab, KICK_ITEM, false, 1);
	check(executed->value == 42, "executed with the value 42");
	check(queued < executed && queued->ns <= executed->ns, "executed %lld us after it was queued",
	      (executed->ns - queued->ns) / 1000);
	check(queued->thread == gettid() && executed->thread != gettid(), "executed by thread %d, not by %d",
	      executed->thread, gettid());
	close_lab(&lab);
}

static void busy(void)
{
	int i, refused = 0, first = 41, second = 42, error = 0;
	struct lab lab;
	double start;

	section("busy", LIMIT);
	for (i = 0; i < ATTEMPTS && !refused; i++) {
		open_lab(&lab);
		start = now();
		ioctl(lab.fd, PAIR_ORDERED);
		ioctl(lab.fd, KICK, &first);
		error = ioctl(lab.fd, KICK, &second) ? errno : 0;
		refused = still_slow(start);
		ioctl(lab.fd, FLUSH);
		if (refused) {
			check(error == EBUSY, "KICK of a queued item: %s", error_name(error));
			check(count(&lab, KICK_ITEM, true) == 1, "executed once");
			check(nth(&lab, KICK_ITEM, true, 1)->value == first, "with the first value");
			EXPECT(&lab, KICK, 43, 0);
		}
		close_lab(&lab);
	}
	check(refused, "the item was queued long enough to see it");
}

static void cancel(void)
{
	int i, value = 1, first = 0, second = 0;
	struct lab lab;
	double start;
	bool seen = false;

	section("cancel", LIMIT);
	for (i = 0; i < ATTEMPTS && !seen; i++) {
		open_lab(&lab);
		start = now();
		ioctl(lab.fd, PAIR_ORDERED);
		ioctl(lab.fd, KICK, &value);
		first = ioctl(lab.fd, KICK_CANCEL);
		second = ioctl(lab.fd, KICK_CANCEL);
		seen = still_slow(start);
		ioctl(lab.fd, FLUSH);
		if (seen) {
			check(first == 1, "KICK_CANCEL of a queued item: %d", first);
			check(second == 0, "KICK_CANCEL of an idle item: %d", second);
			check(count(&lab, KICK_ITEM, true) == 0, "not executed");
			check(count(&lab, SLOW_ITEM, true) == 1, "the others are executed");
			EXPECT(&lab, KICK, 2, 0);
			EXPECT(&lab, FLUSH, 0, 0);
			check(count(&lab, KICK_ITEM, true) == 1, "executed when it is queued again");
		}
		close_lab(&lab);
	}
	check(seen, "the item was queued long enough to see it");
}

static void repeat(void)
{
	struct event *queued, *executed;
	struct lab lab;
	int i;

	section("repeat", LIMIT);
	open_lab(&lab);
	EXPECT(&lab, REPEAT, 5, 0);
	nth(&lab, REPEAT_ITEM, true, 5);
	for (i = 1; i <= 5; i++) {
		queued = nth(&lab, REPEAT_ITEM, false, i);
		executed = nth(&lab, REPEAT_ITEM, true, i);
		check(executed->value == 6 - i && queued < executed &&
		      executed->ns - queued->ns >= REPEAT_MS * 1000000 / 2,
		      "%d left, executed %lld ms after it was queued", executed->value,
		      (executed->ns - queued->ns) / 1000000);
	}
	pause_ms(20 * REPEAT_MS);
	check(count(&lab, REPEAT_ITEM, true) == 5, "not executed again");
	close_lab(&lab);
}

static void stop(void)
{
	struct lab lab;
	int n;

	section("stop", LIMIT);
	open_lab(&lab);
	EXPECT(&lab, REPEAT, 1000000, 0);
	nth(&lab, REPEAT_ITEM, true, 3);
	EXPECT(&lab, REPEAT_STOP, 0, 1);
	n = count(&lab, REPEAT_ITEM, true);
	section("stopped", LIMIT);
	say("after %d times", n);
	pause_ms(20 * REPEAT_MS);
	check(count(&lab, REPEAT_ITEM, true) == n, "not executed any more");
	EXPECT(&lab, REPEAT, 1, -EBUSY);
	EXPECT(&lab, REPEAT_STOP, 0, 0);
	close_lab(&lab);
}

static void pair(void)
{
	struct event *quick, *slow;
	bool overtaken = false;
	struct lab lab;
	int i;

	section("pair", LIMIT);
	open_lab(&lab);
	for (i = 1; i <= ATTEMPTS && !overtaken; i++) {
		EXPECT(&lab, PAIR, 0, 0);
		slow = nth(&lab, SLOW_ITEM, true, i);
		quick = nth(&lab, QUICK_ITEM, true, i);
		overtaken = quick < slow;
	}
	check(overtaken, "queued second, the quick item is executed first");
	close_lab(&lab);

	section("ordered pair", LIMIT);
	open_lab(&lab);
	for (i = 1; i <= 3; i++) {
		EXPECT(&lab, PAIR_ORDERED, 0, 0);
		quick = nth(&lab, QUICK_ITEM, true, i);
		slow = nth(&lab, SLOW_ITEM, true, i);
		check(slow < quick && slow->ns < quick->ns, "the quick item waits for the slow one");
	}
	close_lab(&lab);
}

static void delay(void)
{
	struct event *queued, *executed;
	struct lab lab;
	double start;
	int result;

	section("delay", LIMIT);
	open_lab(&lab);
	start = now();
	EXPECT(&lab, DELAY, 2000, 0);
	result = ioctl(lab.fd, DELAY, &(int){ 2000 }) ? errno : 0;
	if (now() - start < 2)
		check(result == EBUSY, "DELAY of a delayed item: EBUSY");
	executed = nth(&lab, DELAYED_ITEM, true, 1);
	queued = nth(&lab, DELAYED_ITEM, false, 1);
	check(executed->ns - queued->ns >= 2000000000, "executed %lld ms after it was queued",
	      (executed->ns - queued->ns) / 1000000);
	close_lab(&lab);

	section("delay, modified", LIMIT / 2);
	open_lab(&lab);
	EXPECT(&lab, DELAY_MODIFY, MINUTE, 0);
	EXPECT(&lab, DELAY_MODIFY, 500, 1);
	executed = nth(&lab, DELAYED_ITEM, true, 1);
	queued = nth(&lab, DELAYED_ITEM, false, 2);
	check(executed->ns - queued->ns >= 500000000, "executed %lld ms after that",
	      (executed->ns - queued->ns) / 1000000);
	close_lab(&lab);

	section("delay, cancelled", LIMIT / 2);
	open_lab(&lab);
	EXPECT(&lab, DELAY, MINUTE, 0);
	EXPECT(&lab, DELAY_CANCEL, 0, 1);
	EXPECT(&lab, DELAY_CANCEL, 0, 0);
	EXPECT(&lab, DELAY, 20, 0);
	nth(&lab, DELAYED_ITEM, true, 1);
	EXPECT(&lab, DELAY_CANCEL, 0, 0);
	check(count(&lab, DELAYED_ITEM, true) == 1, "executed once, when it is delayed again");
	close_lab(&lab);
}

static void closure(void)
{
	struct lab lab;

	section("closure", LIMIT);
	open_lab(&lab);
	EXPECT(&lab, SPAWN, 7, 0);
	EXPECT(&lab, FLUSH, 0, 0);
	check(count(&lab, CLOSURE, true) == 1, "executed when FLUSH returns");
	check(nth(&lab, CLOSURE, true, 1)->value == 7, "with the value 7");
	close_lab(&lab);
}

static void choose(void)
{
	static const char *const kinds[] = { "percpu", "unbound", "power efficient", "ordered", "highpri" };
	cpu_set_t cpus;
	struct lab lab;
	int i, n = 0;

	section("choose", LIMIT);
	open_lab(&lab);
	for (i = 1; i <= 5; i++) {
		EXPECT(&lab, CHOOSE_KIND, i, 0);
		check(count(&lab, QUICK_ITEM, true) == ++n, "executed before the %s queue is gone", kinds[i - 1]);
	}
	EXPECT(&lab, CHOOSE_KIND, 0, -ERANGE);
	EXPECT(&lab, CHOOSE_KIND, 6, -ERANGE);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (i = 0; i < CPU_COUNT(&cpus); i++) {
		EXPECT(&lab, CHOOSE_CPU, i + 1, 0);
		check(nth(&lab, QUICK_ITEM, true, ++n)->cpu == (unsigned int)i, "executed on CPU %d", i);
	}
	EXPECT(&lab, CHOOSE_CPU, 1000000, -EINVAL);
	check(count(&lab, QUICK_ITEM, false) == n, "nothing was queued for the wrong ones");
	close_lab(&lab);
}

static void burst(void)
{
	int i, alone = 0;
	struct lab lab;

	section("burst", LIMIT);
	open_lab(&lab);
	EXPECT(&lab, BURST, 20, 0);
	EXPECT(&lab, FLUSH, 0, 0);
	check(count(&lab, BURST_CLOSURE, true) == 20, "20 closures are executed when FLUSH returns");
	for (i = 1; i <= 20; i++)
		alone += nth(&lab, BURST_CLOSURE, true, i)->value == 1;
	check(alone == 20, "%d of 20 were alone", alone);
	close_lab(&lab);
}

static void sum(void)
{
	__u8 numbers[16];
	struct lab lab;
	int i, result;

	section("sum", LIMIT);
	open_lab(&lab);
	for (i = 0; i < 16; i++)
		numbers[i] = 240 + i;
	result = ioctl(lab.fd, SUM, numbers);
	check(result == 3960, "of 240 to 255: %d", result);
	close_lab(&lab);
}

/* What is still to be done when the file is closed; the kernel log shows what becomes of it. */
static void closing(void)
{
	double start = now();
	struct lab lab;

	section("close", LIMIT);
	open_lab(&lab);
	EXPECT(&lab, DELAY, MINUTE, 0);
	EXPECT(&lab, REPEAT, 1000000, 0);
	EXPECT(&lab, PAIR_ORDERED, 0, 0);
	EXPECT(&lab, KICK, 5, 0);
	close_lab(&lab);
	check(now() - start >= SLOW_MS / 1000.0 - 0.01, "waits for the slow item");
	section("closed", LIMIT);
	pause_ms(20 * REPEAT_MS);
	say("silence");
}

void exercises(void)
{
	kick();
	busy();
	cancel();
	repeat();
	stop();
	pair();
	delay();
	closure();
	choose();
	burst();
	sum();
	closing();
}

static void expect_pointer(struct lab *lab, unsigned long command, uintptr_t pointer, const char *name)
{
	int error = ioctl(lab->fd, command, pointer) ? errno : 0;

	check(error == EFAULT, "%s with the pointer %#lx: %s", name, (unsigned long)pointer,
	      error_name(error));
}

static void expect_read(struct lab *lab, void *buffer, size_t size, int result, const char *name)
{
	ssize_t n = read(lab->fd, buffer, size);

	if (n < 0)
		n = -errno;
	if (n < 0)
		check(n == result, "%s: %s", name, error_name(-n));
	else
		check(n == result, "%s: %zd", name, n);
}

void errors(void)
{
	struct event event;
	struct lab lab;

	section("errors", LIMIT);
	open_lab(&lab);
	EXPECT(&lab, _IO('|', 0x80), 0, -ENOTTY);
	EXPECT(&lab, _IO('|', _IOC_NR(KICK)), 1, -ENOTTY);
	EXPECT(&lab, _IOW('|', _IOC_NR(KICK), char), 1, -ENOTTY);
	EXPECT(&lab, _IOR('|', _IOC_NR(KICK), int), 1, -ENOTTY);
	EXPECT(&lab, KICK, 0, -ERANGE);
	EXPECT(&lab, KICK, -1, -ERANGE);
	EXPECT(&lab, REPEAT, 0, -ERANGE);
	EXPECT(&lab, SPAWN, -2147483647, -ERANGE);
	EXPECT(&lab, DELAY, 0, -ERANGE);
	EXPECT(&lab, DELAY, MINUTE + 1, -ERANGE);
	EXPECT(&lab, DELAY_MODIFY, MINUTE + 1, -ERANGE);
	EXPECT(&lab, BURST, 0, -ERANGE);
	EXPECT(&lab, BURST, 65, -ERANGE);
	EXPECT(&lab, TASK_WORK, 0, -ERANGE);
	EXPECT(&lab, TASK_WORK, 5, -ERANGE);
	expect_pointer(&lab, KICK, 0, "KICK");
	expect_pointer(&lab, DELAY, 1, "DELAY");
	expect_pointer(&lab, SPAWN, UINTPTR_MAX, "SPAWN");
	expect_pointer(&lab, SUM, 8, "SUM");
	expect_read(&lab, &event, sizeof(event), 0, "read when nothing was queued");

	EXPECT(&lab, SPAWN, 1, 0);
	EXPECT(&lab, FLUSH, 0, 0);
	EXPECT(&lab, SPAWN, 2, 0);
	EXPECT(&lab, FLUSH, 0, 0);
	expect_read(&lab, &event, 1, -EINVAL, "read of 1 byte");
	expect_read(&lab, &event, sizeof(event) - 1, -EINVAL, "read of less than an event");
	expect_read(&lab, (void *)8, sizeof(event), -EFAULT, "read to a bad pointer");
	check(count(&lab, CLOSURE, true) == 2 && lab.n == 2, "both events are there all the same");
	expect_read(&lab, &event, sizeof(event), 0, "read at the end");
	close_lab(&lab);
}

/* A burst keeps its share until its last closure has been executed, each of which takes 1 ms. */
static void closures(void)
{
	int i, error = 0, length = MAX_CLOSURES, value = 1;
	struct lab lab;
	bool seen = false;
	double start;

	section("limit, closures", LIMIT);
	for (i = 0; i < ATTEMPTS && !seen; i++) {
		open_lab(&lab);
		start = now();
		error = ioctl(lab.fd, BURST, &length) ? errno : 0;
		if (!error)
			error = ioctl(lab.fd, SPAWN, &value) ? errno : 0;
		seen = now() - start < MAX_CLOSURES / 1000.0;
		if (seen) {
			check(error == EAGAIN, "SPAWN after a burst of %d: %s", length, error_name(error));
			EXPECT(&lab, FLUSH, 0, 0);
			check(count(&lab, CLOSURE, true) == 0, "not executed");
			EXPECT(&lab, SPAWN, 2, 0);
			nth(&lab, CLOSURE, true, 1);
			EXPECT(&lab, FLUSH, 0, 0);
			EXPECT(&lab, BURST, MAX_CLOSURES, 0);
		}
		close_lab(&lab);
	}
	check(seen, "the burst took long enough to see it");
}

static void lost_events(void)
{
	struct event event;
	struct lab lab;
	ssize_t n = 0;
	int error;

	section("limit, events", LIMIT);
	open_lab(&lab);
	EXPECT(&lab, BURST, MAX_CLOSURES, 0);
	EXPECT(&lab, FLUSH, 0, 0);
	EXPECT(&lab, SPAWN, 3, 0);
	EXPECT(&lab, FLUSH, 0, 0);
	while (lab.n <= MAX_EVENTS && (n = read(lab.fd, &lab.events[lab.n], sizeof(event))) > 0)
		lab.n++;
	error = n < 0 ? errno : 0;
	check(error == EOVERFLOW, "read at the end: %s", error_name(error));
	check(lab.n == MAX_EVENTS, "%d events are there", lab.n);
	expect_read(&lab, &event, sizeof(event), 0, "read after that");
	EXPECT(&lab, SPAWN, 4, 0);
	EXPECT(&lab, FLUSH, 0, 0);
	check(nth(&lab, CLOSURE, true, 1)->value == 4, "there is room again");
	close_lab(&lab);
}

static void files(void)
{
	int fds[MAX_FILES + 1], i, n, error = 0;
	struct lab lab;

	section("limit, files", LIMIT);
	for (n = 0; n <= MAX_FILES; n++) {
		fds[n] = open(DEVICE, O_RDONLY | O_CLOEXEC);
		error = fds[n] < 0 ? errno : 0;
		if (error)
			break;
	}
	check(n == MAX_FILES && error == ENFILE, "open after %d files: %s", n, error_name(error));
	for (i = 0; i < n; i++)
		close(fds[i]);
	open_lab(&lab);
	EXPECT(&lab, KICK, 1, 0);
	close_lab(&lab);
}

void limits(void)
{
	closures();
	lost_events();
	files();
}
