// SPDX-License-Identifier: GPL-2.0
/* An open file of the module `lab`, and the module itself. */
#include <stdio.h>

#include "lab.h"

void open_lab(struct lab *lab)
{
	lab->n = 0;
	lab->fd = open(DEVICE, O_RDONLY | O_CLOEXEC);
	if (lab->fd >= 0)
		return;
	check(false, "open: %s", strerror(errno));
	finish();
}

void close_lab(struct lab *lab)
{
	close(lab->fd);
}

void read_events(struct lab *lab)
{
	const int room = sizeof(lab->events) / sizeof(*lab->events);

	while (lab->n < room && read(lab->fd, &lab->events[lab->n], sizeof(struct event)) > 0)
		lab->n++;
}

static struct event *find(struct lab *lab, enum what what, bool executed, int n)
{
	int i;

	for (i = 0; i < lab->n; i++) {
		struct event *e = &lab->events[i];

		if (e->what == (int)what && e->executed == executed && !--n)
			return e;
	}
	return NULL;
}

int count(struct lab *lab, enum what what, bool executed)
{
	int n = 0;

	read_events(lab);
	while (find(lab, what, executed, n + 1))
		n++;
	return n;
}

struct event *nth(struct lab *lab, enum what what, bool executed, int n)
{
	struct event *e;

	while (read_events(lab), !(e = find(lab, what, executed, n)))
		pause_ms(5); /* The alarm of the section ends this. */
	return e;
}

int load(int backlog)
{
	char parameters[40];

	snprintf(parameters, sizeof(parameters), "backlog=%d", backlog);
	return load_file("/lab.ko", parameters);
}

int unload(void)
{
	return unload_module("lab");
}
