// SPDX-License-Identifier: GPL-2.0
/* Task work keeps the module that it is code of, whatever its type. Nothing else does: the file is closed. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "walk.h"

#define MODULE "task_work_owner"
#define DEVICE "/dev/task-work-owner"
#define EXECUTED _IO('|', 0xa5)

static const struct {
	unsigned long command;
	const char *name;
} kinds[] = {
	{ _IO('|', 0xa0), "a closure" },
	{ _IO('|', 0xa1), "a function pointer" },
	{ _IO('|', 0xa2), "a trait object" },
	{ _IO('|', 0xa3), "an item" },
	{ _IO('|', 0xa4), "a generic item" },
};

#define NR_KINDS (sizeof(kinds) / sizeof(*kinds))

static struct {
	pthread_t thread;
	int wakeup[2];
	atomic_int fd;
} o;

/* How many references there are to the module; -1 if it is not loaded. */
static int references(void)
{
	FILE *file = fopen("/sys/module/" MODULE "/refcnt", "r");
	int n = -1;

	if (file && fscanf(file, "%d", &n) != 1)
		n = -1;
	if (file)
		fclose(file);
	return n;
}

static int open_device(void)
{
	int fd = open(DEVICE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		check(false, "open: %s", strerror(errno));
	return fd;
}

/* What is added without a notification is executed when this returns from where it sleeps. */
static void *opener(void *unused)
{
	char c;

	(void)unused;
	o.fd = open_device();
	if (read(o.wakeup[0], &c, 1) != 1)
		check(false, "the system call of the opener fails: %s", strerror(errno));
	return NULL;
}

static void pending(unsigned int kind)
{
	int error, fd, n, ran;
	char name[60];

	snprintf(name, sizeof(name), "owner, %s", kinds[kind].name);
	section(name, 60);
	error = load_file("/" MODULE ".ko", "");
	check(!error, "loaded");
	o.fd = -1;
	if (pipe2(o.wakeup, O_CLOEXEC) || pthread_create(&o.thread, NULL, opener, NULL))
		abort();
	while ((fd = o.fd) < 0)
		pause_ms(1);
	pause_ms(20);
	n = ioctl(fd, kinds[kind].command);
	check(!n, "added: %s", n ? error_name(errno) : "0");
	close(fd);

	n = references();
	check(n == 1, "references while it is pending: %d", n);
	error = unload_module(MODULE);
	check(error == EWOULDBLOCK, "unload while it is pending: %s", error_name(error));
	if (write(o.wakeup[1], "", 1) != 1)
		abort();
	pthread_join(o.thread, NULL);
	close(o.wakeup[0]);
	close(o.wakeup[1]);
	/* A thread is over for its creator before it has executed what is left. */
	while (references() > 0)
		pause_ms(1);
	n = references();
	check(!n, "references when it has been executed: %d", n);
	fd = open_device();
	ran = ioctl(fd, EXECUTED);
	close(fd);
	check(ran == 1 << kind, "executed, with a reference: %#x", ran);
	error = unload_module(MODULE);
	check(!error, "unloaded: %s", error_name(error));
	check(references() < 0, "it is gone");
}

void owners(void)
{
	unsigned int kind;

	for (kind = 0; kind < NR_KINDS; kind++)
		pending(kind);
}
