// SPDX-License-Identifier: GPL-2.0
/*
 * The first program of the test kernels. KUnit has run when it starts. Where allocations can be made to
 * fail, which only user space can enable, it runs the series' suites again with that; it lets kmemleak
 * look at what all tests left behind and prints that, and what KCSAN has counted; and ends: with an
 * argument by a reboot, which ends an emulator.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

#define DEBUG "/sys/kernel/debug"

static FILE *out;

static void say(const char *text)
{
	/* One write is one record of the kernel log, which nothing else gets into. */
	fprintf(out, "%s\n", text);
	fflush(out);
}

static int put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	ssize_t n;

	if (fd < 0) {
		fprintf(out, "init: cannot open %s\n", path);
		fflush(out);
		return -1;
	}
	n = write(fd, value, strlen(value));
	close(fd);
	return n < 0 ? -1 : 0;
}

static void suites_with_failing_allocations(void)
{
	DIR *suites = opendir(DEBUG "/kunit");
	char path[300];
	struct dirent *d;

	if (put(DEBUG "/failslab/verbose", "0") || put(DEBUG "/failslab/ignore-gfp-wait", "N"))
		return;
	say("init: suites with failing allocations");
	while (suites && (d = readdir(suites))) {
		if (strncmp(d->d_name, "rust_workqueue", strlen("rust_workqueue")) &&
		    strncmp(d->d_name, "rust_task_work", strlen("rust_task_work")))
			continue;
		snprintf(path, sizeof(path), DEBUG "/kunit/%s/run", d->d_name);
		put(path, "run");
	}
	say("init: suites ended");
	put(DEBUG "/failslab/ignore-gfp-wait", "Y");
}

static void print(const char *path, const char *before)
{
	char line[1024];
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file)) {
		fprintf(out, "%s%s", before, line);
		fflush(out);
	}
	if (file)
		fclose(file);
}

static void leaks(void)
{
	/* kmemleak does not report what is younger than five seconds. */
	sleep(6);
	/* One scan may still see a stale pointer to something that is gone. */
	if (put(DEBUG "/kmemleak", "scan") || put(DEBUG "/kmemleak", "scan"))
		return;
	print(DEBUG "/kmemleak", "");
	say("init: kmemleak scanned");
}

int main(int argc, char *argv[])
{
	(void)argv;
	if (mount("none", "/dev", "devtmpfs", 0, NULL) || mount("none", "/sys", "sysfs", 0, NULL) ||
	    mount("none", DEBUG, "debugfs", 0, NULL))
		return 1;
	out = fopen("/dev/kmsg", "w");
	if (!out)
		return 1;
	if (!access(DEBUG "/failslab", F_OK))
		suites_with_failing_allocations();
	if (!access(DEBUG "/kmemleak", F_OK))
		leaks();
	print(DEBUG "/kcsan", "init: kcsan: ");
	say("init: end");
	sync();
	reboot(argc > 1 ? RB_AUTOBOOT : RB_POWER_OFF);
	return 1;
}
