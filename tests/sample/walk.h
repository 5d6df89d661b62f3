/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the walk share. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

/* An open file of the device, with the events that have been read from it. */
struct lab {
	int fd, n;
	struct event events[MAX_EVENTS];
};

/* Starts a section of the timeline, which must not take longer than `limit` seconds. */
void section(const char *name, unsigned int limit);
/* One line of the timeline. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
/* The same, with a verdict. */
__attribute__((format(printf, 2, 3))) bool check(bool ok, const char *format, ...);

/* An ioctl must return `result`, or fail with the error `-result`. */
void expect(int fd, unsigned long command, int argument, int result, const char *name);
#define EXPECT(lab, command, argument, result) \
	expect((lab)->fd, command, argument, result, #command)

const char *error_name(int error);
double now(void);
void pause_ms(int ms);

void open_lab(struct lab *lab);
void close_lab(struct lab *lab);
void read_events(struct lab *lab);
int count(struct lab *lab, enum what what, bool executed);
/* The nth event of a kind, from 1 on; waits for it. */
struct event *nth(struct lab *lab, enum what what, bool executed, int n);

/* These return 0 or an errno. */
int load_file(const char *path, const char *parameters);
int load(int backlog);
int unload(void);
int load_file(const char *path, const char *parameters);

void exercises(void);
void errors(void);
void task_work(void);
void owners(void);
void unloading(void);
void restless(void);
void deadlock(void);
