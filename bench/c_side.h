/* SPDX-License-Identifier: GPL-2.0 */
#ifndef C_SIDE_H
#define C_SIDE_H

#include "bench.h"

enum c_queue {
	C_SYSTEM_PERCPU,
	C_SYSTEM_DFL,
	C_PERCPU,
	C_UNBOUND,
	C_ORDERED,
	C_BH,
};

void *c_setup(enum c_queue queue);
void *c_setup_items(enum c_queue queue, u32 nr);
void *c_setup_embedded(enum c_queue queue, u32 nr);
void *c_setup_many(enum c_queue queue, u32 n, u32 threads);
void *c_setup_delayed(enum c_queue queue, u32 nr);
void *c_setup_armed(enum c_queue queue, u32 nr);
void *c_setup_used(enum c_queue queue, u32 nr);
void *c_setup_blocked(u32 n, u32 threads);

void c_run_each(void *state, u32 thread, u32 n);
void c_run_embedded(void *state, u32 thread, u32 n);
void c_run_embedded_arm(void *state, u32 thread, u32 n);
void c_run_many(void *state, u32 thread, u32 n);
void c_run_spawn_each(void *state, u32 thread, u32 n);
void c_run_spawn_kept(void *state, u32 thread, u32 n);
void c_run_spawn_many(void *state, u32 thread, u32 n);
void c_run_cancel(void *state, u32 thread, u32 n);
void c_run_cancel_sync(void *state, u32 thread, u32 n);
void c_run_flush_item(void *state, u32 thread, u32 n);
void c_run_flush_queue(void *state, u32 thread, u32 n);
void c_run_arm_disarm(void *state, u32 thread, u32 n);
void c_run_mod_delayed(void *state, u32 thread, u32 n);
void c_run_give(void *state, u32 thread, u32 n);
void c_run_build(enum c_queue queue, u32 n);
void c_run_build_counted(u32 n);

void c_finish(void *state);
void c_finish_armed(void *state);
void c_finish_given(void *state);
void c_finish_blocked(void *state);

void *c_task_setup(u32 n, u32 threads);
void c_run_task_add(void *state, u32 thread, u32 n);
void c_run_task_add_builtin(void *state, u32 thread, u32 n);
void c_run_task_add_bare(void *state, u32 thread, u32 n);
void c_run_task_spawn(void *state, u32 thread, u32 n);
void c_task_finish(void *state);

#endif
