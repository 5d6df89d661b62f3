/* SPDX-License-Identifier: GPL-2.0 */
/* What the module `lab` has for user space. */
#include <linux/types.h>
#include <sys/ioctl.h>

#define KICK		_IOW('|', 0x8f, int)
#define KICK_CANCEL	_IO('|', 0x90)
#define REPEAT		_IOW('|', 0x91, int)
#define REPEAT_STOP	_IO('|', 0x92)
#define PAIR		_IO('|', 0x93)
#define PAIR_ORDERED	_IO('|', 0x94)
#define SPAWN		_IOW('|', 0x95, int)
#define DELAY		_IOW('|', 0x96, int)
#define DELAY_MODIFY	_IOW('|', 0x97, int)
#define DELAY_CANCEL	_IO('|', 0x98)
#define CHOOSE_KIND	_IOW('|', 0x99, int)
#define CHOOSE_CPU	_IOW('|', 0x9a, int)
#define BURST		_IOW('|', 0x9b, int)
#define SUM		_IOW('|', 0x9c, __u8[16])
#define FLUSH		_IO('|', 0x9d)
#define TASK_WORK	_IOW('|', 0x9e, int)
#define TASK_WORK_CANCEL _IO('|', 0x9f)

#define DEVICE		"/dev/workqueue-lab"

#define SLOW_MS		300 /* how long the slow item of a pair takes, at least */
#define BACKLOG_MS	50 /* the same for each item of the backlog */
#define REPEAT_MS	10 /* the delay of a repeated item */
#define MAX_EVENTS	64 /* the events that a file keeps until they are read */
#define MAX_CLOSURES	64 /* the closures of a file that have not been executed */
#define MAX_FILES	32 /* the open files */

enum what { QUICK_ITEM, SLOW_ITEM, KICK_ITEM, DELAYED_ITEM, REPEAT_ITEM, CLOSURE, BURST_CLOSURE,
	    BACKLOG_CLOSURE, TASK_WORK_ITEM, REFUSED };

struct event {
	__s32 what, executed, value, thread;
	__u32 cpu, reserved;
	__s64 ns; /* since the file was opened */
};
