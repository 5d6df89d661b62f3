// SPDX-License-Identifier: GPL-2.0
/* The first program: loads the module with the parameters in its own arguments, measures, ends. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PARAMETERS "/sys/module/wq_bench/parameters/"

static int put(const char *path)
{
	int fd = open(path, O_WRONLY);
	int n;

	if (fd < 0)
		return -1;
	n = write(fd, "1", 1);
	close(fd);
	return n;
}

static int measure(const char *options)
{
	int fd;

	mkdir("/sys", 0755);
	if (mount("none", "/sys", "sysfs", 0, NULL)) {
		perror("mount");
		return -1;
	}
	fd = open("/wq_bench.ko", O_RDONLY);
	if (fd < 0 || syscall(SYS_finit_module, fd, options, 0)) {
		perror("wq_bench.ko");
		return -1;
	}
	if (put(PARAMETERS "run") != 1) {
		perror("run");
		return -1;
	}
	/* What a write has added to this task is executed before the next one. */
	while (put(PARAMETERS "task_work") == 1)
		;
	return 0;
}

int main(void)
{
	static char options[256];
	int fd;

	/* A file, as the console's driver and the shell have their own idea of arguments. */
	fd = open("/options", O_RDONLY);
	if (fd >= 0 && read(fd, options, sizeof(options) - 1) < 0)
		perror("options");
	options[strcspn(options, "\n")] = 0;

	if (!measure(options))
		puts("bench: measured");
	fflush(stdout);
	sync();
	reboot(access("/restart", F_OK) ? RB_POWER_OFF : RB_AUTOBOOT);
	return 1;
}
