// SPDX-License-Identifier: GPL-2.0
/* A module stays loaded until its work has been executed, where something says so. */
#include <stdio.h>

#include "walk.h"

/* How many references there are to the module; -1 if it is not loaded. */
static int references(void)
{
	FILE *file = fopen("/sys/module/kept/refcnt", "r");
	int n = -1;

	if (file && fscanf(file, "%d", &n) != 1)
		n = -1;
	if (file)
		fclose(file);
	return n;
}

static void one(const char *name, const char *parameters)
{
	int error;

	section(name, 60);
	error = load_file("/kept.ko", parameters);
	check(!error, "loaded: %s", error_name(error));
	while (references() == 0)
		pause_ms(1);
	error = unload_module("kept");
	check(error == EWOULDBLOCK, "unload before it has been executed: %s", error_name(error));
	while (references() > 0)
		pause_ms(1);
	error = unload_module("kept");
	check(!error, "unload after it has been executed: %s", error_name(error));
	check(references() < 0, "it is gone");
}

void kept(void)
{
	one("kept by a closure", "owner=0");
	one("kept by an item that drops the owner of its queue", "owner=1");
	one("kept by a closure that drops the owner of its queue", "owner=2");
}
