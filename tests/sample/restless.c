// SPDX-License-Identifier: GPL-2.0
/* Modules that are loaded for what they do in their init and exit. */
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
		error = unload_module("restless");
	}
	check(i == TIMES && !error, "loaded and unloaded %d times%s%s", i, error ? ": " : "", error ? strerror(error) : "");
}

/* The last one: what lockdep tells about it switches lockdep off. */
void deadlock(void)
{
	int error;

	section("deadlock", 60);
	error = load_file("/deadlock.ko", "");
	check(!error, "a module waits for its queue under a lock: %s", error_name(error));
}
