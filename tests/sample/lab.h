/* SPDX-License-Identifier: GPL-2.0 */
/* An open file of the module `lab`, and the module itself. */
#include "device.h"
#include "walk.h"

/* With the events that have been read from it. */
struct lab {
	int fd, n;
	struct event events[4 * MAX_EVENTS];
};

#define EXPECT(lab, command, argument, result) \
	expect((lab)->fd, command, argument, result, #command)

void open_lab(struct lab *lab);
void close_lab(struct lab *lab);
void read_events(struct lab *lab);
int count(struct lab *lab, enum what what, bool executed);
/* The nth event of a kind, from 1 on; waits for it. */
struct event *nth(struct lab *lab, enum what what, bool executed, int n);

/* A process that uses the device whenever it is there, with a pause after each use. */
pid_t use(int pause);
void end_use(pid_t user);

/* These return 0 or an errno. */
int load(int backlog);
int unload(void);
