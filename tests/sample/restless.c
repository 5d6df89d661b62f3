// SPDX-License-Identifier: GPL-2.0
/* Modules that are loaded for what they do in their init and exit. */
#include "lab.h"

#define PAUSE_MS 200

void restless(void)
{
	int i, error = 0, times = loads(1000);
	pid_t user;

	section("restless", 900);
	/* Beside it, queues of another module come and go, with work on them. */
	check(!load(0), "another module can be loaded");
	user = use(PAUSE_MS);
	for (i = 0; i < times && !error; i++) {
		error = load_file("/restless.ko", "");
		if (error)
			break;
		pause_ms(i % 4);
		error = unload_module("restless");
	}
	check(i == times && !error, "loaded and unloaded %d times%s%s", i, error ? ": " : "", error ? strerror(error) : "");
	end_use(user);
	check(!unload(), "the other module can be unloaded");
}

/* The last one: what lockdep tells about it switches lockdep off. */
void deadlock(void)
{
	int error;

	section("deadlock", 60);
	error = load_file("/deadlock.ko", "");
	check(!error, "a module waits for its queue under a lock: %s", error_name(error));
}
