// SPDX-License-Identifier: GPL-2.0
/*
 * The first program: loads the module and gives it the programs of /plan, one line for each:
 *
 *	seeds FLAGS FIRST COUNT LENGTH	programs that the module makes of seeds
 *	hotplug TIMES			the programs of the next line, or more of them, until CPUs have gone
 *					offline and come back so often meanwhile
 *	failing PERCENT TASKS		from now on, of the allocations of this task or of all tasks
 *	words FLAGS WORD...			one program, flags are explained there
 *
 * Ends after the first that fails. With an argument this restarts the machine, which ends an emulator.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORDS (1 << 14)

static FILE *log_file;
static int device = -1;
static volatile uint32_t *ended; /* programs, also for another process */

static void say(const char *format, unsigned long a, unsigned long b)
{
	/* One write is one record of the kernel log. */
	fprintf(log_file, format, a, b);
	fflush(log_file);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Returns 0, or the error of a program that has failed. */
static int run(const uint32_t *program, size_t words)
{
	size_t left = words * sizeof(*program);

	for (;;) {
		if (write(device, left ? (const void *)program : "", left) >= 0)
			return 0;
		if (errno != EAGAIN)
			return errno;
		/* It has returned to user mode, and goes on. */
		left = 0;
	}
}

/* Whether a CPU can go offline, and does, or comes back. */
static int set_online(int cpu, const char *value)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	n = write(fd, value, 1);
	close(fd);
	return n == 1 ? 0 : EIO;
}

/* One process that takes all CPUs but the first in turn, sometimes two at a time. Returns its pid. */
static pid_t hotplug(unsigned int times)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF);
	unsigned int n;
	uint32_t program;
	pid_t pid;

	if (!times)
		return 0;
	pid = fork();
	if (pid)
		return pid;
	if (cpus < 2) {
		say("init: there is no CPU that can go offline\n", 0, 0);
		_exit(1);
	}
	for (n = 0; n < times; n++) {
		int first = 1 + n % (cpus - 1), second = 1 + (n + 1) % (cpus - 1), two = second != first && n % 3 == 2;
		int error = set_online(first, "0");

		if (!error && two)
			error = set_online(second, "0");
		/* Sometimes until a program has ended that began before: what it has left on the CPU must not stay there. */
		for (program = *ended; n % 4 == 3 && *ended == program;)
			usleep(1000);
		usleep(1000 * (n % 16));
		if (!error && two)
			error = set_online(second, "1");
		if (!error)
			error = set_online(first, "1");
		if (error) {
			say("init: CPU %lu cannot go offline or come back: %lu\n", first, error);
			_exit(1);
		}
		usleep(1000 * (n % 8));
	}
	say("init: CPUs went offline and came back %lu times\n", times, 0);
	_exit(0);
}

static int seeds(uint32_t flags, uint32_t first, uint32_t count, uint32_t length, pid_t other)
{
	double start = now(), said = start;
	uint32_t n, without = 0;
	int status = 0;

	for (n = 0; n < count || other; n++) {
		uint32_t program[] = { flags, first + n, length };
		int error = run(program, 3);

		*ended += 1;
		if (error == ENOMEM) {
			without++;
			continue;
		}
		if (error)
			return error;
		if (other && waitpid(other, &status, WNOHANG) == other) {
			if (status)
				return ECHILD;
			other = 0;
		}
		if (now() - said > 5) {
			said = now();
			say("init: %lu programs in %lu s\n", n + 1, said - start);
		}
	}
	if (without)
		say("init: %lu programs had no memory to begin\n", without, 0);
	say("init: passed %lu programs in %lu ms\n", n - without, (now() - start) * 1000);
	return 0;
}

static int words(const char *text)
{
	static uint32_t program[MAX_WORDS + 3];
	size_t n = 3;
	int used;

	if (sscanf(text, "%u%n", &program[0], &used) != 1)
		return EINVAL;
	for (text += used; n < MAX_WORDS && sscanf(text, "%x%n", &program[n], &used) == 1; text += used)
		n++;
	return run(program, n);
}

/* Without an allocation in user space, and again and again, since those of the kernel may fail. */
static int write_to(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	int error = fd < 0 || write(fd, value, strlen(value)) < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return error;
}

static void put(const char *path, const char *value)
{
	int tries, error = 0;

	for (tries = 0; tries < 1000; tries++) {
		error = write_to(path, value);
		if (!error)
			return;
	}
	say("init: cannot write: %lu\n", error, 0);
}

#define FAILSLAB "/sys/kernel/debug/failslab/"

static void failing(const char *percent, const char *tasks)
{
	put(FAILSLAB "probability", "0");
	put(FAILSLAB "verbose", "0");
	put(FAILSLAB "task-filter", strcmp(tasks, "all") ? "Y" : "N");
	put(FAILSLAB "ignore-gfp-wait", "N");
	put(FAILSLAB "times", "-1");
	put("/proc/self/make-it-fail", "1");
	put(FAILSLAB "probability", percent);
}

/* What the module and its items have left behind. */
static void leaks(void)
{
	char line[1024];
	FILE *report = fopen("/sys/kernel/debug/kmemleak", "r+");

	/* It may be switched off. */
	if (!report || write_to("/sys/kernel/debug/kmemleak", "scan=off"))
		return;
	/* What is younger than five seconds is not reported. One scan may see a stale pointer. */
	sleep(6);
	put("/sys/kernel/debug/kmemleak", "scan");
	put("/sys/kernel/debug/kmemleak", "scan");
	while (fgets(line, sizeof(line), report)) {
		fputs(line, log_file);
		fflush(log_file);
	}
	say("init: kmemleak scanned\n", 0, 0);
}

static int plan(void)
{
	char percent[8], tasks[8];
	FILE *file = fopen("/plan", "r");
	unsigned int flags, first, count, length, times = 0;
	size_t size = 0;
	char *line = NULL;
	int error = 0;

	while (file && !error && getline(&line, &size, file) > 0) {
		if (sscanf(line, "seeds %u %u %u %u", &flags, &first, &count, &length) == 4)
			error = seeds(flags, first, count, length, hotplug(times)), times = 0;
		else if (sscanf(line, "hotplug %u", &times) == 1)
			continue;
		else if (sscanf(line, "failing %7s %7s", percent, tasks) == 2)
			failing(percent, tasks);
		else if (!strncmp(line, "words ", 6))
			error = words(line + 6);
	}
	return file ? error : ENOENT;
}

int main(int argc, char **argv)
{
	int module, error;

	(void)argv;
	/* Or the kernel has done so. */
	mount("none", "/dev", "devtmpfs", 0, NULL);
	mount("none", "/proc", "proc", 0, NULL);
	mount("none", "/sys", "sysfs", 0, NULL);
	mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	log_file = fopen("/dev/kmsg", "w");
	ended = mmap(NULL, sizeof(*ended), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!log_file || ended == MAP_FAILED)
		return 1;
	module = open("/random_programs.ko", O_RDONLY | O_CLOEXEC);
	if (syscall(SYS_finit_module, module, "", 0)) {
		say("init: cannot load: %lu\n", errno, 0);
		goto end;
	}
	device = open("/dev/random-programs", O_WRONLY | O_CLOEXEC);
	if (device < 0) {
		say("init: cannot open: %lu\n", errno, 0);
		goto end;
	}
	error = plan();
	if (error) {
		say("init: failed with %lu\n", error, 0);
		goto end;
	}
	close(device);
	if (access(FAILSLAB "probability", F_OK) == 0)
		put(FAILSLAB "probability", "0");
	/* A closure that has ended keeps the module for another moment. */
	for (error = 0; syscall(SYS_delete_module, "random_programs", O_NONBLOCK) && error < 200; error++)
		usleep(10000);
	if (error == 200)
		say("init: cannot unload: %lu\n", errno, 0);
	else
		say("init: unloaded\n", 0, 0);
	leaks();
end:
	say("init: end\n", 0, 0);
	sync();
	reboot(argc > 1 ? RB_AUTOBOOT : RB_POWER_OFF);
	return 1;
}
