// SPDX-License-Identifier: GPL-2.0
/*
 * The first program: loads the module, lets it run each case that /cases names, ends. Before each, it makes
 * the warnings that the kernel gives only once come again. It stays on CPU 0, where no case keeps a CPU.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static int kmsg = -1;

/* One write is one record of the kernel log, in order with those of the module. */
static void say(const char *text, const char *what)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "<6>init: %s %s\n", text, what);

	if (write(kmsg, line, n) != n)
		perror("kmsg");
}

static int put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	ssize_t n = -1;

	if (fd >= 0) {
		n = write(fd, value, strlen(value));
		close(fd);
	}
	return n < 0 ? -1 : 0;
}

static int cases(void)
{
	cpu_set_t first;
	char name[64];
	FILE *list;
	int fd;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first)) {
		say("cannot stay on", "CPU 0");
		return -1;
	}
	if (mount("none", "/sys", "sysfs", 0, NULL) || mount("none", "/sys/kernel/debug", "debugfs", 0, NULL)) {
		say("cannot mount", "sysfs and debugfs");
		return -1;
	}
	fd = open("/bh_drain.ko", O_RDONLY);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0)) {
		say("cannot load", "bh_drain.ko");
		return -1;
	}
	list = fopen("/cases", "r");
	while (list && fgets(name, sizeof(name), list)) {
		name[strcspn(name, "\n")] = 0;
		if (put("/sys/kernel/debug/clear_warn_once", "1")) {
			say("cannot write to", "clear_warn_once");
			return -1;
		}
		/* A case that hangs leaves a queue behind, so what follows would say nothing. */
		if (put("/sys/module/bh_drain/parameters/run", name)) {
			say("stops, as the module could not end", name);
			return -1;
		}
	}
	return 0;
}

int main(void)
{
	/* Or the kernel has done so. */
	mount("none", "/dev", "devtmpfs", 0, NULL);
	kmsg = open("/dev/kmsg", O_WRONLY);
	if (!cases())
		say("all cases", "were run");
	sync();
	reboot(access("/restart", F_OK) ? RB_POWER_OFF : RB_AUTOBOOT);
	return 1;
}
