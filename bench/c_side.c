// SPDX-License-Identifier: GPL-2.0
/* What a careful driver in C does. Each c_op_ function is one operation, for a look at its code. */
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>

#include "c_side.h"

/* An item with a reference count: the owner has one reference, and the queue another one. */
struct c_item {
	struct kref ref;
	struct work_struct work;
	unsigned long value;
};

struct c_delayed_item {
	struct kref ref;
	struct delayed_work work;
	unsigned long value;
};

static void c_item_free(struct kref *ref)
{
	kfree(container_of(ref, struct c_item, ref));
}

static void c_item_run(struct work_struct *work)
{
	struct c_item *item = container_of(work, struct c_item, work);

	bench_ran(item->value);
	kref_put(&item->ref, c_item_free);
}

static void c_delayed_item_free(struct kref *ref)
{
	kfree(container_of(ref, struct c_delayed_item, ref));
}

static void c_delayed_item_run(struct work_struct *work)
{
	struct c_delayed_item *item = container_of(to_delayed_work(work), struct c_delayed_item, work);

	bench_ran(item->value);
	kref_put(&item->ref, c_delayed_item_free);
}

/* An item that is part of its owner. */
struct c_embedded {
	struct delayed_work work;
	unsigned long value;
};

static void c_embedded_run(struct work_struct *work)
{
	bench_ran(container_of(to_delayed_work(work), struct c_embedded, work)->value);
}

static noinline bool c_op_embedded_enqueue(struct workqueue_struct *wq, struct c_embedded *item)
{
	return queue_work(wq, &item->work.work);
}

static noinline bool c_op_embedded_enqueue_delayed(struct workqueue_struct *wq, struct c_embedded *item)
{
	return queue_delayed_work(wq, &item->work, BENCH_DELAY);
}

static noinline bool c_op_embedded_cancel(struct c_embedded *item)
{
	return cancel_delayed_work(&item->work);
}

static noinline bool c_op_enqueue(struct workqueue_struct *wq, struct c_item *item)
{
	bool queued;

	kref_get(&item->ref);
	queued = queue_work(wq, &item->work);
	if (!queued)
		kref_put(&item->ref, c_item_free);
	return queued;
}

static noinline bool c_op_cancel(struct c_item *item)
{
	bool cancelled = cancel_work(&item->work);

	if (cancelled)
		kref_put(&item->ref, c_item_free);
	return cancelled;
}

static noinline bool c_op_cancel_sync(struct c_item *item)
{
	bool cancelled = cancel_work_sync(&item->work);

	if (cancelled)
		kref_put(&item->ref, c_item_free);
	return cancelled;
}

static noinline bool c_op_flush_item(struct c_item *item)
{
	return flush_work(&item->work);
}

static noinline void c_op_flush_queue(struct workqueue_struct *wq)
{
	flush_workqueue(wq);
}

static noinline bool c_op_enqueue_delayed(struct workqueue_struct *wq, struct c_delayed_item *item)
{
	bool queued;

	kref_get(&item->ref);
	queued = queue_delayed_work(wq, &item->work, BENCH_DELAY);
	if (!queued)
		kref_put(&item->ref, c_delayed_item_free);
	return queued;
}

static noinline bool c_op_cancel_delayed(struct c_delayed_item *item)
{
	bool cancelled = cancel_delayed_work(&item->work);

	if (cancelled)
		kref_put(&item->ref, c_delayed_item_free);
	return cancelled;
}

static noinline bool c_op_mod_delayed(struct workqueue_struct *wq, struct c_delayed_item *item)
{
	bool was_pending;

	kref_get(&item->ref);
	was_pending = mod_delayed_work(wq, &item->work, BENCH_DELAY);
	if (was_pending)
		kref_put(&item->ref, c_delayed_item_free);
	return was_pending;
}

struct c_spawned {
	struct work_struct work;
	unsigned long value;
};

static void c_spawned_run(struct work_struct *work)
{
	struct c_spawned *spawned = container_of(work, struct c_spawned, work);

	bench_ran(spawned->value);
	kfree(spawned);
}

static noinline int c_op_spawn(struct workqueue_struct *wq, unsigned long value)
{
	struct c_spawned *spawned = kmalloc(sizeof(*spawned), GFP_KERNEL);

	if (!spawned)
		return -ENOMEM;
	INIT_WORK(&spawned->work, c_spawned_run);
	spawned->value = value;
	queue_work(wq, &spawned->work);
	return 0;
}

static void c_kept_run(struct work_struct *work)
{
	c_spawned_run(work);
	module_put(THIS_MODULE);
}

/* The same with a reference to the module. */
static noinline int c_op_spawn_kept(struct workqueue_struct *wq, unsigned long value)
{
	struct c_spawned *spawned;

	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	spawned = kmalloc(sizeof(*spawned), GFP_KERNEL);
	if (!spawned) {
		module_put(THIS_MODULE);
		return -ENOMEM;
	}
	INIT_WORK(&spawned->work, c_kept_run);
	spawned->value = value;
	queue_work(wq, &spawned->work);
	return 0;
}

/* States: a queue, and items in the order in which threads use them. */
struct c_state {
	struct workqueue_struct *wq;
	bool owned;
	u32 nr;
	struct c_item **items;
	struct c_delayed_item **delayed;
	struct c_embedded *embedded;
	struct work_struct blocker;
};

static struct workqueue_struct *c_make_queue(enum c_queue queue)
{
	switch (queue) {
	case C_SYSTEM_PERCPU:
		return system_percpu_wq;
	case C_SYSTEM_DFL:
		return system_dfl_wq;
	case C_PERCPU:
		return alloc_workqueue("bench", WQ_PERCPU, 0);
	case C_UNBOUND:
		return alloc_workqueue("bench", WQ_UNBOUND, 0);
	case C_ORDERED:
		return alloc_ordered_workqueue("bench", 0);
	case C_BH:
		return alloc_workqueue("bench", WQ_BH | WQ_PERCPU, 0);
	}
	return NULL;
}

void c_finish(void *data)
{
	struct c_state *state = data;

	for (u32 i = 0; state->items && i < state->nr; i++)
		if (state->items[i])
			kref_put(&state->items[i]->ref, c_item_free);
	for (u32 i = 0; state->delayed && i < state->nr; i++)
		if (state->delayed[i])
			kref_put(&state->delayed[i]->ref, c_delayed_item_free);
	for (u32 i = 0; state->embedded && i < state->nr; i++)
		cancel_delayed_work_sync(&state->embedded[i].work);
	if (state->wq && state->owned)
		destroy_workqueue(state->wq);
	kvfree(state->embedded);
	kvfree(state->items);
	kvfree(state->delayed);
	kfree(state);
}

void *c_setup(enum c_queue queue)
{
	struct c_state *state = kzalloc(sizeof(*state), GFP_KERNEL);

	if (!state)
		return NULL;
	state->owned = queue != C_SYSTEM_PERCPU && queue != C_SYSTEM_DFL;
	state->wq = c_make_queue(queue);
	if (state->wq)
		return state;
	c_finish(state);
	return NULL;
}

void *c_setup_items(enum c_queue queue, u32 nr)
{
	struct c_state *state = c_setup(queue);

	if (!state)
		return NULL;
	state->nr = nr;
	state->items = kvcalloc(nr, sizeof(*state->items), GFP_KERNEL);
	for (u32 i = 0; state->items && i < nr; i++) {
		struct c_item *item = kmalloc(sizeof(*item), GFP_KERNEL);

		if (!item)
			break;
		kref_init(&item->ref);
		INIT_WORK(&item->work, c_item_run);
		item->value = i;
		state->items[i] = item;
	}
	if (state->items && state->items[nr - 1])
		return state;
	c_finish(state);
	return NULL;
}

void *c_setup_delayed(enum c_queue queue, u32 nr)
{
	struct c_state *state = c_setup(queue);

	if (!state)
		return NULL;
	state->nr = nr;
	state->delayed = kvcalloc(nr, sizeof(*state->delayed), GFP_KERNEL);
	for (u32 i = 0; state->delayed && i < nr; i++) {
		struct c_delayed_item *item = kmalloc(sizeof(*item), GFP_KERNEL);

		if (!item)
			break;
		kref_init(&item->ref);
		INIT_DELAYED_WORK(&item->work, c_delayed_item_run);
		item->value = i;
		state->delayed[i] = item;
	}
	if (state->delayed && state->delayed[nr - 1])
		return state;
	c_finish(state);
	return NULL;
}

void *c_setup_embedded(enum c_queue queue, u32 nr)
{
	struct c_state *state = c_setup(queue);

	if (!state)
		return NULL;
	state->embedded = kvcalloc(nr, sizeof(*state->embedded), GFP_KERNEL);
	if (!state->embedded) {
		c_finish(state);
		return NULL;
	}
	state->nr = nr;
	for (u32 i = 0; i < nr; i++) {
		INIT_DELAYED_WORK(&state->embedded[i].work, c_embedded_run);
		state->embedded[i].value = i;
		c_op_embedded_enqueue_delayed(state->wq, &state->embedded[i]);
		c_op_embedded_cancel(&state->embedded[i]);
	}
	return state;
}

void c_run_embedded(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++) {
		bench_expect(1);
		c_op_embedded_enqueue(state->wq, &state->embedded[i]);
		bench_wait();
	}
}

void c_run_embedded_arm(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++) {
		c_op_embedded_enqueue_delayed(state->wq, &state->embedded[i]);
		c_op_embedded_cancel(&state->embedded[i]);
	}
}

/* One at a time: enqueue, wait until it has run. */
void c_run_each(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++) {
		bench_expect(1);
		c_op_enqueue(state->wq, state->items[i]);
		bench_wait();
	}
}

/* Many: what is measured ends when all have run, which finish waits for by flushing the queue. */
void *c_setup_many(enum c_queue queue, u32 n, u32 threads)
{
	bench_expect(n * threads);
	return c_setup_items(queue, n * threads);
}

void c_run_many(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++)
		c_op_enqueue(state->wq, state->items[thread * n + i]);
	if (thread == 0)
		bench_wait();
}

void c_run_spawn_each(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++) {
		bench_expect(1);
		c_op_spawn(state->wq, i);
		bench_wait();
	}
}

void c_run_spawn_kept(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++) {
		bench_expect(1);
		c_op_spawn_kept(state->wq, i);
		bench_wait();
	}
}

void c_run_spawn_many(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	bench_expect(n);
	for (u32 i = 0; i < n; i++)
		c_op_spawn(state->wq, i);
	bench_wait();
}

static void c_block(struct work_struct *work)
{
	bench_block();
}

/* Items of an ordered queue whose first item does not return remain pending. */
void *c_setup_blocked(u32 n, u32 threads)
{
	struct c_state *state = c_setup_items(C_ORDERED, n);

	if (!state)
		return NULL;
	INIT_WORK(&state->blocker, c_block);
	queue_work(state->wq, &state->blocker);
	bench_wait_blocked();
	return state;
}

void c_finish_blocked(void *state)
{
	bench_unblock();
	c_finish(state);
}

void c_run_cancel(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++) {
		c_op_enqueue(state->wq, state->items[i]);
		c_op_cancel(state->items[i]);
	}
}

void c_run_cancel_sync(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++) {
		c_op_enqueue(state->wq, state->items[i]);
		c_op_cancel_sync(state->items[i]);
	}
}

void c_run_flush_item(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++) {
		c_op_enqueue(state->wq, state->items[i]);
		c_op_flush_item(state->items[i]);
	}
}

void c_run_flush_queue(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++)
		c_op_flush_queue(state->wq);
}

static void c_run_arm(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++)
		c_op_enqueue_delayed(state->wq, state->delayed[thread * n + i]);
}

static void c_run_disarm(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++)
		c_op_cancel_delayed(state->delayed[thread * n + i]);
}

void c_run_arm_disarm(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++) {
		c_op_enqueue_delayed(state->wq, state->delayed[thread * n + i]);
		c_op_cancel_delayed(state->delayed[thread * n + i]);
	}
}

void *c_setup_armed(enum c_queue queue, u32 nr)
{
	struct c_state *state = c_setup_delayed(queue, nr);

	if (state)
		c_run_arm(state, 0, nr);
	return state;
}

/* Items that have been on the queue before. */
void *c_setup_used(enum c_queue queue, u32 nr)
{
	struct c_state *state = c_setup_delayed(queue, nr);

	if (state)
		c_run_arm_disarm(state, 0, nr);
	return state;
}

void c_finish_armed(void *data)
{
	struct c_state *state = data;

	c_run_disarm(state, 0, state->nr);
	c_finish(state);
}

void c_run_mod_delayed(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++)
		c_op_mod_delayed(state->wq, state->delayed[i]);
}

/* Gives the owner's references to the queue. */
void c_run_give(void *data, u32 thread, u32 n)
{
	struct c_state *state = data;

	for (u32 i = 0; i < n; i++) {
		c_op_enqueue_delayed(state->wq, state->delayed[i]);
		kref_put(&state->delayed[i]->ref, c_delayed_item_free);
	}
}

/* Takes them back, as a driver has to before it destroys the queue. */
void c_finish_given(void *data)
{
	struct c_state *state = data;

	c_run_disarm(state, 0, state->nr);
	kvfree(state->delayed);
	state->delayed = NULL;
	c_finish(state);
}

void c_run_build(enum c_queue queue, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		struct workqueue_struct *wq = c_make_queue(queue);

		if (wq)
			destroy_workqueue(wq);
	}
}

/*
 * What a queue needs so that references to it can outlive it, as those of Rust do, and so that what is
 * delayed on it can be taken back.
 */
struct c_counted_queue {
	struct workqueue_struct *wq;
	refcount_t references;
	bool closing;
	raw_spinlock_t lock;
	struct list_head delayed;
	struct work_struct destruction;
};

static void c_destroy_later(struct work_struct *work)
{
}

static struct c_counted_queue *c_make_counted(const char *name)
{
	struct c_counted_queue *queue = kmalloc(sizeof(*queue), GFP_KERNEL);

	if (!queue)
		return NULL;
	queue->wq = alloc_workqueue("%s", WQ_PERCPU, 0, name);
	if (!queue->wq) {
		kfree(queue);
		return NULL;
	}
	refcount_set(&queue->references, 1);
	queue->closing = false;
	raw_spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->delayed);
	INIT_WORK(&queue->destruction, c_destroy_later);
	return queue;
}

static void c_drop_counted(struct c_counted_queue *queue)
{
	unsigned long flags;
	bool used;

	WRITE_ONCE(queue->closing, true);
	/* An item must not wait for its own queue. This driver has no other items. */
	if (current_work())
		return;
	if (refcount_read(&queue->references) != 1)
		synchronize_rcu();
	raw_spin_lock_irqsave(&queue->lock, flags);
	used = !list_empty(&queue->delayed);
	raw_spin_unlock_irqrestore(&queue->lock, flags);
	if (used)
		synchronize_rcu();
	destroy_workqueue(queue->wq);
	if (refcount_dec_and_test(&queue->references))
		kfree(queue);
}

void c_run_build_counted(u32 n)
{
	for (u32 i = 0; i < n; i++) {
		struct c_counted_queue *queue = c_make_counted("bench");

		if (queue)
			c_drop_counted(queue);
	}
}

/*
 * Items for a task. Like in Rust, a reference to the module is held while one is pending. That this
 * module gives it up itself is not what a driver may do: the return is part of the module, too.
 */
struct c_task_item {
	struct kref ref;
	struct callback_head head;
	/* As in Rust, where a shared item is not added twice, and this orders all accesses. */
	unsigned long pending;
	unsigned long value;
};

struct c_task_state {
	u32 nr;
	struct c_task_item *items[];
};

static void c_task_item_free(struct kref *ref)
{
	kfree(container_of(ref, struct c_task_item, ref));
}

static void c_task_item_run(struct callback_head *head)
{
	struct c_task_item *item = container_of(head, struct c_task_item, head);

	xchg(&item->pending, 0);
	bench_ran(item->value);
	kref_put(&item->ref, c_task_item_free);
	module_put(THIS_MODULE);
}

/* The same where this is built in, and there is no module to refer to. */
static void c_task_item_run_builtin(struct callback_head *head)
{
	struct c_task_item *item = container_of(head, struct c_task_item, head);

	xchg(&item->pending, 0);
	bench_ran(item->value);
	kref_put(&item->ref, c_task_item_free);
}

static void c_task_item_run_bare(struct callback_head *head)
{
	bench_ran(container_of(head, struct c_task_item, head)->value);
}

static noinline int c_op_task_add(struct task_struct *task, struct c_task_item *item)
{
	int err = -EBUSY;

	kref_get(&item->ref);
	if (xchg(&item->pending, 1))
		goto put;
	err = -ENODEV;
	if (!try_module_get(THIS_MODULE))
		goto clear;
	init_task_work(&item->head, c_task_item_run);
	err = task_work_add(task, &item->head, TWA_RESUME);
	if (!err)
		return 0;
	module_put(THIS_MODULE);
clear:
	xchg(&item->pending, 0);
put:
	kref_put(&item->ref, c_task_item_free);
	return err;
}

static noinline int c_op_task_add_builtin(struct task_struct *task, struct c_task_item *item)
{
	int err = -EBUSY;

	kref_get(&item->ref);
	if (xchg(&item->pending, 1))
		goto put;
	init_task_work(&item->head, c_task_item_run_builtin);
	err = task_work_add(task, &item->head, TWA_RESUME);
	if (!err)
		return 0;
	xchg(&item->pending, 0);
put:
	kref_put(&item->ref, c_task_item_free);
	return err;
}

static noinline int c_op_task_add_bare(struct task_struct *task, struct c_task_item *item)
{
	init_task_work(&item->head, c_task_item_run_bare);
	return task_work_add(task, &item->head, TWA_RESUME);
}

struct c_task_spawned {
	struct callback_head head;
	unsigned long value;
};

static void c_task_spawned_run(struct callback_head *head)
{
	struct c_task_spawned *spawned = container_of(head, struct c_task_spawned, head);
	unsigned long value = spawned->value;

	kfree(spawned);
	bench_ran(value);
	module_put(THIS_MODULE);
}

static noinline int c_op_task_spawn(unsigned long value)
{
	struct c_task_spawned *spawned = kmalloc(sizeof(*spawned), GFP_KERNEL);
	int err = -ENOMEM;

	if (!spawned)
		return err;
	err = -ENODEV;
	if (!try_module_get(THIS_MODULE))
		goto free;
	init_task_work(&spawned->head, c_task_spawned_run);
	spawned->value = value;
	err = task_work_add(current, &spawned->head, TWA_RESUME);
	if (!err)
		return 0;
	module_put(THIS_MODULE);
free:
	kfree(spawned);
	return err;
}

void c_task_finish(void *data)
{
	struct c_task_state *state = data;

	for (u32 i = 0; i < state->nr; i++)
		if (state->items[i])
			kref_put(&state->items[i]->ref, c_task_item_free);
	kvfree(state);
}

void *c_task_setup(u32 n, u32 threads)
{
	u32 nr = n * threads;
	struct c_task_state *state = kvzalloc(struct_size(state, items, nr), GFP_KERNEL);

	if (!state)
		return NULL;
	state->nr = nr;
	for (u32 i = 0; i < nr; i++) {
		struct c_task_item *item = kzalloc(sizeof(*item), GFP_KERNEL);

		if (!item) {
			c_task_finish(state);
			return NULL;
		}
		kref_init(&item->ref);
		item->value = i;
		state->items[i] = item;
	}
	return state;
}

void c_run_task_add(void *data, u32 thread, u32 n)
{
	struct c_task_state *state = data;
	struct task_struct *task = current;

	for (u32 i = 0; i < n; i++)
		c_op_task_add(task, state->items[thread * n + i]);
}

void c_run_task_add_builtin(void *data, u32 thread, u32 n)
{
	struct c_task_state *state = data;
	struct task_struct *task = current;

	for (u32 i = 0; i < n; i++)
		c_op_task_add_builtin(task, state->items[thread * n + i]);
}

void c_run_task_add_bare(void *data, u32 thread, u32 n)
{
	struct c_task_state *state = data;
	struct task_struct *task = current;

	for (u32 i = 0; i < n; i++)
		c_op_task_add_bare(task, state->items[thread * n + i]);
}

void c_run_task_spawn(void *data, u32 thread, u32 n)
{
	for (u32 i = 0; i < n; i++)
		c_op_task_spawn(thread * n + i);
}
