/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the walk share. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Starts a section of the timeline, which must not take longer than `limit` seconds. */
void section(const char *name, unsigned int limit);
/* One line of the timeline. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
/* The same, with a verdict. */
__attribute__((format(printf, 2, 3))) bool check(bool ok, const char *format, ...);

/* An ioctl must return `result`, or fail with the error `-result`. It has the argument, or a pointer
 * to it if the command says so.
 */
void expect(int fd, unsigned long command, int argument, int result, const char *name);

const char *error_name(int error);
double now(void);
void pause_ms(int ms);

/* How many of `all` loads this walk has: a tenth of them if it has to be quick. */
int loads(int all);

/* Ends the walk, and this kernel. */
void finish(void);

/* These return 0 or an errno. */
int load_file(const char *path, const char *parameters);
int unload_module(const char *module);

void lesson(void);
void exercises(void);
void errors(void);
void limits(void);
void task_work(void);
void owners(void);
void unloading(void);
void restless(void);
void kept(void);
void deadlock(void);
