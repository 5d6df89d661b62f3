// SPDX-License-Identifier: GPL-2.0
/*
 * The first program: loads and unloads each module that /modules names, as often as that says; ends.
 * What the modules do when they are loaded is the test. With an argument it restarts the machine, which
 * ends an emulator.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static int kmsg = -1;

/* One write is one record of the kernel log, in order with those of the modules. */
static void say(const char *what, const char *name, int error)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "<6>init: %s: %s%s%s\n", name, what, error ? ": " : "",
			 error ? strerror(error) : "");

	if (write(kmsg, line, n) != n)
		perror("kmsg");
}

static int load(const char *name)
{
	char path[80];
	int fd, error = 0;

	snprintf(path, sizeof(path), "/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		error = errno;
	close(fd);
	return error;
}

static void modules(void)
{
	FILE *list = fopen("/modules", "r");
	char name[64];
	int i, times, error;

	while (list && fscanf(list, "%63s %d", name, &times) == 2) {
		for (i = 0; i < times; i++) {
			error = load(name);
			if (error) {
				say("cannot load", name, error);
				continue;
			}
			if (syscall(SYS_delete_module, name, O_NONBLOCK))
				say("cannot unload", name, errno);
			else
				say("loaded and unloaded", name, 0);
		}
	}
}

int main(int argc, char **argv)
{
	(void)argv;
	/* Or the kernel has done so. */
	mount("none", "/dev", "devtmpfs", 0, NULL);
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	modules();
	say("all modules were tried", "end", 0);
	sync();
	reboot(argc > 1 ? RB_AUTOBOOT : RB_POWER_OFF);
	return 1;
}
