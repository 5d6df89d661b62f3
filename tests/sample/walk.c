// SPDX-License-Identifier: GPL-2.0
/*
 * Walks through the workqueue sample and the test modules, as the first program of a kernel. The
 * timeline goes to the kernel log, so that it and the lines of the modules are in one order, with the
 * times of one clock.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "lab.h"

#define KMEMLEAK "/sys/kernel/debug/kmemleak"

static int kmsg, passed, failed;
static int end = RB_POWER_OFF;
static bool quick;
static const char *name = "start";

const char *error_name(int error)
{
	return error ? strerrorname_np(error) : "0";
}

static void put(const char *text)
{
	char line[400];
	int n = snprintf(line, sizeof(line), "walk: %s: %s\n", name, text);

	if (write(kmsg, line, n) != n)
		abort();
}

void say(const char *format, ...)
{
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put(text);
}

bool check(bool ok, const char *format, ...)
{
	char text[300];
	int n = snprintf(text, sizeof(text), "%s: ", ok ? "ok" : "FAIL");
	va_list args;

	va_start(args, format);
	vsnprintf(text + n, sizeof(text) - n, format, args);
	va_end(args);
	put(text);
	*(ok ? &passed : &failed) += 1;
	return ok;
}

int loads(int all)
{
	return quick ? all / 10 : all;
}

void finish(void)
{
	name = "end";
	say("%d passed, %d failed", passed, failed);
	sync();
	reboot(end);
}

static void hang(int signal)
{
	(void)signal;
	check(false, "hangs");
	finish();
}

void section(const char *new, unsigned int limit)
{
	name = new;
	put("begins");
	alarm(limit);
}

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

void pause_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

void expect(int fd, unsigned long command, int argument, int result, const char *what)
{
	bool pointer = _IOC_SIZE(command);
	int got = ioctl(fd, command, pointer ? (unsigned long)&argument : (unsigned long)argument);
	char with[20] = "";

	if (got < 0)
		got = -errno;
	if (pointer || argument)
		snprintf(with, sizeof(with), " %d", argument);
	if (got < 0)
		check(got == result, "%s%s: %s", what, with, strerrorname_np(-got));
	else
		check(got == result, "%s%s: %d", what, with, got);
}

int load_file(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0))
		error = errno;
	close(fd);
	return error;
}

int unload_module(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? errno : 0;
}

/* A module that is not loaded yet may be freed with its task work pending. */
static void failing_init(void)
{
	int error;

	section("failing init", 60);
	error = load_file("/failing_init.ko", "");
	check(error == ENODEV, "a module's init adds task work: %s", error_name(error));
}

/* What another program says, as a part of this one. */
static void program(const char *new, const char *path)
{
	int out[2], status;
	char line[300];
	FILE *lines;
	pid_t pid;

	section(new, 600);
	if (pipe2(out, O_CLOEXEC) || (pid = fork()) < 0)
		abort();
	if (!pid) {
		dup2(out[1], STDOUT_FILENO);
		execl(path, path, NULL);
		_exit(127);
	}
	close(out[1]);
	lines = fdopen(out[0], "r");
	while (fgets(line, sizeof(line), lines)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "  ok: ", 6))
			check(true, "%s", line + 6);
		else if (!strncmp(line, "  FAIL: ", 8))
			check(false, "%s", line + 8);
	}
	fclose(lines);
	waitpid(pid, &status, 0);
	check(!status, "%s ends with status %#x", path, status);
}

/* What the module may have left behind, if the kernel looks for that. */
static void leaks(void)
{
	int fd = open(KMEMLEAK, O_RDWR);
	char line[1024];
	FILE *report;

	if (fd < 0)
		return;
	section("leaks", 300);
	/* kmemleak does not report what is younger than five seconds; one scan may see stale pointers. */
	pause_ms(6000);
	if (write(fd, "scan", 4) != 4 || write(fd, "scan", 4) != 4)
		check(false, "kmemleak does not scan: %s", strerror(errno));
	close(fd);
	report = fopen(KMEMLEAK, "r");
	while (report && fgets(line, sizeof(line), report)) {
		line[strcspn(line, "\n")] = '\0';
		say("%.250s", line);
	}
	say("kmemleak scanned");
}

/* The module `lab`. */
static void lab(void)
{
	section("load", 60);
	if (!check(!load(0), "the module can be loaded"))
		return;
	exercises();
	errors();
	limits();
	task_work();
	section("unload", 60);
	check(!unload(), "the module can be unloaded");
	unloading();
}

int main(int argc, char **argv)
{
	int i;

	if (mount("none", "/dev", "devtmpfs", 0, NULL) || mount("none", "/proc", "proc", 0, NULL))
		return 1;
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (kmsg < 0)
		return 1;
	for (i = 1; i < argc; i++) {
		/* The emulator ends when the kernel reboots. */
		if (!strcmp(argv[i], "reboot"))
			end = RB_AUTOBOOT;
		quick |= !strcmp(argv[i], "quick");
	}
	if (!mount("none", "/sys", "sysfs", 0, NULL))
		mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	signal(SIGALRM, hang);

	lesson();
	lab();
	owners();
	failing_init();
	restless();
	kept();
	program("binder", "/binder");
	leaks();
	deadlock();
	finish();
	return 1;
}
