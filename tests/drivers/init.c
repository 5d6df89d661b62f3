// SPDX-License-Identifier: GPL-2.0
/*
 * The first program: loads and unloads each module that /modules names, as often as that says; ends.
 * What the modules do when they are loaded is the test. One that is to be loaded 0 times stays loaded.
 * With an argument this restarts the machine, which ends an emulator.
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

static int load(const char *name, const char *parameters)
{
	char path[80];
	int fd, error = 0;

	snprintf(path, sizeof(path), "/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0))
		error = errno;
	close(fd);
	return error;
}

static void once(const char *name, const char *parameters, int stays)
{
	int error = load(name, parameters);

	if (error)
		say("cannot load", name, error);
	else if (stays)
		say("loaded", name, 0);
	else if (syscall(SYS_delete_module, name, O_NONBLOCK))
		say("cannot unload", name, errno);
	else
		say("loaded and unloaded", name, 0);
}

static void modules(void)
{
	FILE *list = fopen("/modules", "r");
	char line[128], name[64], parameters[64];
	int i, times;

	while (list && fgets(line, sizeof(line), list)) {
		parameters[0] = 0;
		if (sscanf(line, "%63s %d %63s", name, &times, parameters) < 2)
			continue;
		if (!times)
			once(name, parameters, 1);
		for (i = 0; i < times; i++)
			once(name, parameters, 0);
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
