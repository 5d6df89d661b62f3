/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RUST_SIDE_H
#define RUST_SIDE_H

#include "bench.h"

extern const struct bench_side rust_each_system_percpu;
extern const struct bench_side rust_each_system_dfl;
extern const struct bench_side rust_each_percpu;
extern const struct bench_side rust_each_unbound;
extern const struct bench_side rust_each_ordered;
extern const struct bench_side rust_each_bh;
extern const struct bench_side rust_embedded_system;
extern const struct bench_side rust_embedded;
extern const struct bench_side rust_embedded_arm_system;
extern const struct bench_side rust_embedded_arm;
extern const struct bench_side rust_spawn_kept;
extern const struct bench_side rust_many_percpu;
extern const struct bench_side rust_many_unbound;
extern const struct bench_side rust_spawn_each;
extern const struct bench_side rust_spawn_many;
extern const struct bench_side rust_cancel;
extern const struct bench_side rust_cancel_sync;
extern const struct bench_side rust_flush_item;
extern const struct bench_side rust_flush_queue;
extern const struct bench_side rust_arm_disarm_system;
extern const struct bench_side rust_arm_disarm;
extern const struct bench_side rust_arm_disarm_first;
extern const struct bench_side rust_mod_delayed;
extern const struct bench_side rust_build;
extern const struct bench_side rust_drop_armed;
extern const struct bench_side rust_task_add;
extern const struct bench_side rust_task_add_builtin;
extern const struct bench_side rust_task_spawn;

/* Of a work item, a delayed one, and a scoped one without data. */
extern const u32 rust_sizes[3];

#endif
