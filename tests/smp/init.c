// SPDX-License-Identifier: GPL-2.0
/*
 * The first program of the SMP test kernel. KUnit has run when it starts; it lets kmemleak look at
 * what the tests left behind, prints that to the console, and reboots, which ends the emulator.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

#define KMEMLEAK "/sys/kernel/debug/kmemleak"

static int scan(void)
{
	int fd = open(KMEMLEAK, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, "scan", strlen("scan"));
	close(fd);
	return n < 0 ? -1 : 0;
}

int main(void)
{
	char line[1024];
	FILE *leaks;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (mount("none", "/sys", "sysfs", 0, NULL) ||
	    mount("none", "/sys/kernel/debug", "debugfs", 0, NULL))
		perror("init: mount");

	/* kmemleak does not report what is younger than five seconds. */
	sleep(6);
	/* One scan may still see a stale pointer to something that is gone. */
	if (scan() || scan()) {
		perror("init: kmemleak");
	} else {
		leaks = fopen(KMEMLEAK, "r");
		while (leaks && fgets(line, sizeof(line), leaks))
			fputs(line, stdout);
		puts("init: kmemleak scanned");
	}
	sync();
	reboot(RB_AUTOBOOT);
	return 1;
}
