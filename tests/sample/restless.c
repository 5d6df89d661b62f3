// SPDX-License-Identifier: GPL-2.0
/* A module whose items enqueue themselves again for ever. It checks that they have ended when it is unloaded. */
#include <stdio.h>
#include <sys/syscall.h>

#include "walk.h"

#define TIMES 1000

void restless(void)
{
	int i, error = 0;

	section("restless", 600);
	for (i = 0; i < TIMES && !error; i++) {
		error = load_file("/restless.ko", "");
		if (error)
			break;
		pause_ms(i % 4);
		if (syscall(SYS_delete_module, "restless", O_NONBLOCK))
			error = errno;
	}
	check(i == TIMES && !error, "loaded and unloaded %d times%s%s", i, error ? ": " : "", error ? strerror(error) : "");
}
