// SPDX-License-Identifier: GPL-2.0
/* What is measured against what. */
#include <linux/array_size.h>
#include <linux/module.h>

#include "c_side.h"
#include "rust_side.h"

#define C_SIDE(name, setup_expr, run_expr, finish_fn)					\
static void *name##_setup(u32 n, u32 threads)						\
{											\
	return setup_expr;								\
}											\
static void name##_run(void *state, u32 thread, u32 n)					\
{											\
	run_expr;									\
}											\
static const struct bench_side name = { name##_setup, name##_run, finish_fn }

#define EACH(name, queue)	C_SIDE(name, c_setup_items(queue, n), c_run_each(state, thread, n), c_finish)
#define MANY(name, queue)	C_SIDE(name, c_setup_many(queue, n, threads), c_run_many(state, thread, n), c_finish)
#define ARM(name, queue, run)	C_SIDE(name, c_setup_delayed(queue, n * threads), run(state, thread, n), c_finish_armed)
#define BUILD(name, queue)	C_SIDE(name, c_setup(C_SYSTEM_DFL), c_run_build(queue, n), c_finish)

EACH(c_each_system_percpu, C_SYSTEM_PERCPU);
EACH(c_each_system_dfl, C_SYSTEM_DFL);
EACH(c_each_percpu, C_PERCPU);
EACH(c_each_unbound, C_UNBOUND);
EACH(c_each_ordered, C_ORDERED);
EACH(c_each_bh, C_BH);
#define EMBEDDED(name, queue, run) C_SIDE(name, c_setup_embedded(queue, n), run(state, thread, n), c_finish)
EMBEDDED(c_embedded_system, C_SYSTEM_PERCPU, c_run_embedded);
EMBEDDED(c_embedded, C_PERCPU, c_run_embedded);
EMBEDDED(c_embedded_arm_system, C_SYSTEM_PERCPU, c_run_embedded_arm);
EMBEDDED(c_embedded_arm, C_PERCPU, c_run_embedded_arm);
C_SIDE(c_spawn_kept, c_setup(C_UNBOUND), c_run_spawn_kept(state, thread, n), c_finish);
MANY(c_many_percpu, C_PERCPU);
MANY(c_many_unbound, C_UNBOUND);
C_SIDE(c_spawn_each, c_setup(C_UNBOUND), c_run_spawn_each(state, thread, n), c_finish);
C_SIDE(c_spawn_many, c_setup(C_UNBOUND), c_run_spawn_many(state, thread, n), c_finish);
static const struct bench_side c_cancel = { c_setup_blocked, c_run_cancel, c_finish_blocked };
static const struct bench_side c_cancel_sync = { c_setup_blocked, c_run_cancel_sync, c_finish_blocked };
C_SIDE(c_flush_item, c_setup_items(C_UNBOUND, n), c_run_flush_item(state, thread, n), c_finish);
C_SIDE(c_flush_queue, c_setup(C_UNBOUND), c_run_flush_queue(state, thread, n), c_finish);
ARM(c_arm_disarm_system, C_SYSTEM_PERCPU, c_run_arm_disarm);
ARM(c_arm_disarm_first, C_PERCPU, c_run_arm_disarm);
C_SIDE(c_arm_disarm, c_setup_used(C_PERCPU, n * threads), c_run_arm_disarm(state, thread, n), c_finish_armed);
C_SIDE(c_mod_delayed, c_setup_armed(C_PERCPU, n), c_run_mod_delayed(state, thread, n), c_finish_armed);
BUILD(c_build, C_PERCPU);
C_SIDE(c_build_counted, c_setup(C_SYSTEM_DFL), c_run_build_counted(n), c_finish);
C_SIDE(c_drop_armed, c_setup_delayed(C_PERCPU, n), c_run_give(state, thread, n), c_finish_given);
static const struct bench_side c_task_add = { c_task_setup, c_run_task_add, c_task_finish };
static const struct bench_side c_task_add_builtin = { c_task_setup, c_run_task_add_builtin, c_task_finish };
static const struct bench_side c_task_add_bare = { c_task_setup, c_run_task_add_bare, c_task_finish };
static const struct bench_side c_task_spawn = { c_task_setup, c_run_task_spawn, c_task_finish };

#define SAME	1020

#define PAIR(_name, _group, _n, _threads, _target, _label0, _side0, _label1, _side1)	\
	{ .name = _name, .group = _group, .n = _n, .threads = _threads, .target = _target, \
	  .label = { _label0, _label1 }, .side = { &_side0, &_side1 } }

#define RUN	"enqueue to run"
#define C_EACH	"kref_get, queue_work, wait; kref_put"
#define R_EACH	"Arc::clone, enqueue, wait; drop"
#define EMBED	"embedded items"
#define C_EMBED	"queue_delayed_work, cancel_delayed_work"
#define R_EMBED	"ScopedWork::enqueue_delayed, cancel"
#define MANY_N	"throughput"
#define C_MANY	"kref_get, queue_work; kref_put"
#define R_MANY	"Arc::clone, enqueue; drop"
#define SPAWN	"closures"
#define C_SPAWN	"kmalloc, INIT_WORK, queue_work, wait; kfree"
#define R_SPAWN	"try_spawn, wait"
#define STOP	"cancel and flush"
#define DELAYED	"delayed work"
#define C_DELAYED "kref_get, queue_delayed_work, cancel_delayed_work, kref_put"
#define R_DELAYED "Arc::clone, enqueue_delayed, cancel, drop"
#define QUEUES	"queues"
#define TASK	"task_work"

const struct bench_pair bench_pairs[] = {
	PAIR("system_percpu", RUN, 1000, 1, SAME, C_EACH, c_each_system_percpu, R_EACH, rust_each_system_percpu),
	PAIR("system_dfl", RUN, 1000, 1, SAME, C_EACH, c_each_system_dfl, R_EACH, rust_each_system_dfl),
	PAIR("percpu", RUN, 1000, 1, SAME, C_EACH, c_each_percpu, R_EACH, rust_each_percpu),
	PAIR("unbound", RUN, 1000, 1, SAME, C_EACH, c_each_unbound, R_EACH, rust_each_unbound),
	PAIR("ordered", RUN, 1000, 1, SAME, C_EACH, c_each_ordered, R_EACH, rust_each_ordered),
	PAIR("bh", RUN, 1000, 1, SAME, C_EACH, c_each_bh, R_EACH, rust_each_bh),

	PAIR("system_percpu", EMBED, 1000, 1, SAME, "queue_work, wait", c_embedded_system,
	     "ScopedWork::enqueue, wait", rust_embedded_system),
	PAIR("percpu", EMBED, 1000, 1, SAME, "queue_work, wait", c_embedded,
	     "ScopedWork::enqueue, wait", rust_embedded),
	PAIR("system, enqueue and cancel", EMBED, 1000, 1, SAME, C_EMBED, c_embedded_arm_system,
	     R_EMBED, rust_embedded_arm_system),
	PAIR("own queue, enqueue and cancel", EMBED, 1000, 1, SAME, C_EMBED, c_embedded_arm,
	     R_EMBED, rust_embedded_arm),

	PAIR("percpu, many", MANY_N, 4000, 1, SAME, C_MANY, c_many_percpu, R_MANY, rust_many_percpu),
	PAIR("percpu, many, 2 CPUs", MANY_N, 4000, 2, SAME, C_MANY, c_many_percpu, R_MANY, rust_many_percpu),
	PAIR("unbound, many", MANY_N, 4000, 1, SAME, C_MANY, c_many_unbound, R_MANY, rust_many_unbound),
	PAIR("unbound, many, 2 CPUs", MANY_N, 4000, 2, SAME, C_MANY, c_many_unbound, R_MANY, rust_many_unbound),

	PAIR("try_spawn", SPAWN, 1000, 1, SAME, C_SPAWN, c_spawn_each, R_SPAWN, rust_spawn_each),
	PAIR("try_spawn_in_module", SPAWN, 1000, 1, SAME,
	     "try_module_get, kmalloc, INIT_WORK, queue_work, wait; kfree, module_put", c_spawn_kept,
	     "try_spawn_in_module, wait", rust_spawn_kept),
	PAIR("try_spawn_in_module; C without references", SPAWN, 1000, 1, 0, C_SPAWN, c_spawn_each,
	     "try_spawn_in_module, wait", rust_spawn_kept),
	PAIR("try_spawn, many", SPAWN, 4000, 1, SAME, "kmalloc, INIT_WORK, queue_work; kfree", c_spawn_many,
	     "try_spawn", rust_spawn_many),

	PAIR("cancel", STOP, 1000, 1, SAME, "kref_get, queue_work, cancel_work, kref_put", c_cancel,
	     "Arc::clone, enqueue, cancel, drop", rust_cancel),
	PAIR("cancel_sync", STOP, 1000, 1, SAME, "kref_get, queue_work, cancel_work_sync, kref_put",
	     c_cancel_sync, "Arc::clone, enqueue, cancel_sync, drop", rust_cancel_sync),
	PAIR("flush item", STOP, 1000, 1, SAME, "kref_get, queue_work, flush_work; kref_put", c_flush_item,
	     "Arc::clone, enqueue, flush; drop", rust_flush_item),
	PAIR("flush idle queue", STOP, 1000, 1, SAME, "flush_workqueue", c_flush_queue,
	     "OwnedQueue::flush", rust_flush_queue),

	PAIR("system, enqueue and cancel", DELAYED, 1000, 1, SAME, C_DELAYED, c_arm_disarm_system,
	     R_DELAYED, rust_arm_disarm_system),
	PAIR("own queue, enqueue and cancel", DELAYED, 1000, 1, SAME, C_DELAYED,
	     c_arm_disarm, R_DELAYED, rust_arm_disarm),
	PAIR("own queue, 2 CPUs", DELAYED, 1000, 2, SAME, C_DELAYED,
	     c_arm_disarm, R_DELAYED, rust_arm_disarm),
	PAIR("own queue, the first time", DELAYED, 1000, 1, 0, C_DELAYED, c_arm_disarm_first, R_DELAYED,
	     rust_arm_disarm_first),
	PAIR("mod_delayed", DELAYED, 1000, 1, SAME, "kref_get, mod_delayed_work, kref_put",
	     c_mod_delayed, "Arc::clone, mod_delayed, drop", rust_mod_delayed),

	PAIR("build and drop", QUEUES, 20, 1, SAME, "alloc_workqueue, destroy_workqueue",
	     c_build, "Queue::new_percpu().build(), drop", rust_build),
	PAIR("build and drop; C counts references", QUEUES, 20, 1, SAME,
	     "kmalloc, alloc_workqueue, destroy_workqueue, kfree", c_build_counted,
	     "Queue::new_percpu().build(), drop", rust_build),
	{ .name = "drop, 10,000 timers armed", .group = QUEUES, .n = 10000, .threads = 1, .target = SAME,
	  .label = { "cancel_delayed_work, kref_put; destroy_workqueue; per item", "drop; per item" },
	  .side = { &c_drop_armed, &rust_drop_armed }, .time_finish = true },
};
const u32 bench_nr_pairs = ARRAY_SIZE(bench_pairs);

#define C_TASK	"kref_get, try_module_get, task_work_add; kref_put, module_put"
#define C_TASK_BUILTIN "kref_get, task_work_add; kref_put"
#define R_TASK	"Arc::clone, add; drop"

#define TASK_PAIRS(_name, _threads)							\
	PAIR("add, run" _name, TASK, 1000, _threads, 1050, C_TASK, c_task_add,		\
	     R_TASK, rust_task_add),							\
	PAIR("add, run, built in" _name, TASK, 1000, _threads, 1100, C_TASK_BUILTIN,	\
	     c_task_add_builtin, R_TASK ", no module", rust_task_add_builtin),		\
	PAIR("add, run; C without references" _name, TASK, 1000, _threads, 0,		\
	     "task_work_add", c_task_add_bare, R_TASK, rust_task_add),			\
	PAIR("built in; C without references" _name, TASK, 1000, _threads, 0,		\
	     "task_work_add", c_task_add_bare, R_TASK ", no module", rust_task_add_builtin), \
	PAIR("try_spawn" _name, TASK, 1000, _threads, SAME,				\
	     "kmalloc, try_module_get, task_work_add; kfree, module_put",		\
	     c_task_spawn, "try_spawn", rust_task_spawn)

const struct bench_pair bench_task_pairs[] = {
	TASK_PAIRS("", 1),
	TASK_PAIRS(", 2 tasks", 2),
};
const u32 bench_nr_task_pairs = ARRAY_SIZE(bench_task_pairs);
