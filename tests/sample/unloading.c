// SPDX-License-Identifier: GPL-2.0
/* The module is unloaded while it has something to do, and again and again. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "lab.h"

#define BACKLOG 8
#define ATTEMPTS 10
#define PROCESSES 2

/* What is running, queued and delayed is finished or stopped; the kernel log shows it. */
static void backlog(void)
{
	bool early = false;
	double start;
	int i;

	for (i = 0; i < ATTEMPTS && !early; i++) {
		section("backlog", 60);
		start = now();
		check(!load(BACKLOG), "loaded with a backlog");
		pause_ms(3 * BACKLOG_MS);
		say("unloading");
		/* However late this thread gets the CPU, the items take as long. */
		early = now() - start < BACKLOG * BACKLOG_MS / 1000.0;
		check(!unload(), "unloaded");
		check(now() - start >= BACKLOG * BACKLOG_MS / 1000.0 - 0.01, "has waited for the backlog");
	}
	section("backlog, unloaded", 60);
	check(early, "there was something to wait for");
	pause_ms(20 * REPEAT_MS);
	say("silence");
}

static void open_file(void)
{
	struct lab lab;
	int error;

	section("open file", 60);
	check(!load(0), "loaded");
	open_lab(&lab);
	error = unload();
	check(error == EWOULDBLOCK, "unload with an open file: %s", error_name(error));
	EXPECT(&lab, KICK, 1, 0);
	close_lab(&lab);
	check(!unload(), "unloaded when it is closed");
}

static void many_times(void)
{
	int i, error = 0, value = 1, times = loads(200);
	struct lab lab;

	section("many times", 300);
	for (i = 0; i < times && !error; i++) {
		error = load(i % 4 == 0);
		if (error)
			break;
		open_lab(&lab);
		ioctl(lab.fd, KICK, &value);
		ioctl(lab.fd, SPAWN, &value);
		close_lab(&lab);
		error = unload();
	}
	check(i == times && !error, "loaded and unloaded %d times%s%s", i, error ? ": " : "", error ? strerror(error) : "");
}

pid_t use(int pause)
{
	pid_t pid = fork();
	int fd, value;

	if (pid)
		return pid;
	signal(SIGALRM, SIG_DFL);
	for (value = 1;; value = value % 8 + 1) {
		fd = open(DEVICE, O_RDONLY);
		if (fd < 0) {
			if (errno != ENOENT && errno != ENODEV && errno != ENXIO)
				_exit(1);
			pause_ms(1);
			continue;
		}
		if (ioctl(fd, KICK, &value) || ioctl(fd, SPAWN, &value) ||
		    ioctl(fd, BURST, &value) || ioctl(fd, DELAY, &(int){ 60000 }) || ioctl(fd, REPEAT, &value))
			_exit(2);
		pause_ms(value);
		close(fd);
		pause_ms(pause + value);
	}
}

void end_use(pid_t user)
{
	int status;

	kill(user, SIGKILL);
	waitpid(user, &status, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "a process got no error from the device");
}

static void under_load(void)
{
	int i, error = 0, busy = 0, times = loads(50);
	pid_t users[PROCESSES];

	section("under load", 600);
	for (i = 0; i < PROCESSES; i++)
		users[i] = use(10);
	for (i = 0; i < times && !error; i++) {
		error = load(1);
		pause_ms(10);
		while (!error && (error = unload()) == EWOULDBLOCK) {
			error = 0;
			busy++;
			pause_ms(1);
		}
	}
	check(i == times && !error, "loaded and unloaded %d times, refused %d times meanwhile%s%s", i, busy,
	      error ? ": " : "", error ? strerror(error) : "");
	check(busy > 0, "the processes had the device open");
	for (i = 0; i < PROCESSES; i++)
		end_use(users[i]);
}

void unloading(void)
{
	backlog();
	open_file();
	many_times();
	under_load();
}
