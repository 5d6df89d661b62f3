// SPDX-License-Identifier: GPL-2.0
/* The first program: loads the module with the parameters in its own arguments, measures, ends. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
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

static void run_on(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		perror("affinity");
}

/* The second task, on a CPU of its own. */
static void other_task(void)
{
	pid_t pid = fork();
	int fd;

	if (pid < 0)
		perror("fork");
	if (pid)
		return;
	run_on(1);
	fd = open("/dev/wq_bench_other_task", O_WRONLY);
	if (fd < 0)
		perror("other task");
	while (write(fd, "1", 1) == 1)
		;
	_exit(0);
}

static int measure(const char *options)
{
	int fd;

	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	if (mount("none", "/sys", "sysfs", 0, NULL) || mount("none", "/dev", "devtmpfs", 0, NULL)) {
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
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1) {
		other_task();
		run_on(0);
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
