/*
 * The drop of a ScopedWork (workqueue/scoped_work.rs): afterwards nothing of the item may be used, by a worker, a
 * timer or its queue.
 *
 *     Drop    PinnedDrop of ScopedWork: disable_delayed_work_sync(), then the fields: the DelayedItem, which
 *             leaves the list of its queue, and the data
 *     method() what ScopedWorkItem::run() may call
 *     User    has borrowed the item, and calls one of the methods; it must have ended before the drop
 *     Worker  process_one_work(), of one of two pools
 *     Timer   delayed_work_timer_fn()
 *     Attrs   apply_workqueue_attrs(): from now on, the queue uses the other pool
 *     Owner   OwnedQueue::drop(), with CLOSES
 *
 * With ORDERED the queue is an ordered one: __queue_work() takes the newest pool, though the item may be executing
 * in the other one. It is plugged until that is empty. Who steals an item from a plugged pool waits for the other one
 * (pwq_executing_pool()). There are USERS.
 */

#include "mutation.pml"

#define NONE 0
#define A    1
#define B    2

bool pending;		/* work.data: WORK_STRUCT_PENDING */
byte on;		/* work.data: WORK_STRUCT_PWQ, and the pool whose worklist it is on */
byte last = A;		/* work.data: the pool it was queued on last */
byte disable;		/* work.data: WORK_OFFQ_DISABLE_MASK */
bool armed;		/* the timer */
bool runs[3];		/* the pool executes it */
byte newest = A;	/* where the queue puts items */

byte disabled;		/* ScopedWork::disabled */
bool data_dropped, freed;

bool closing, linked, lock, gone;	/* the queue: Private::closing, its list, destroy_workqueue() */
short reading, waits;			/* RCU, as in teardown.pml */
byte users;
byte calls = CALLS;			/* a bound for the search: how often run() can still call a method */

#define live()	assert(!freed)
#define data()	assert(!data_dropped)
#define busy	(runs[A] || runs[B])
#define plugged	IF(ORDERED, runs[A + B - on], false)

#define LOCALS	bool ok; bool got; byte n

inline rcu_read_lock() { reading = reading | (1 << _pid) }
inline rcu_read_unlock() { atomic { reading = reading & ~(1 << _pid); waits = waits & reading } }

/* ---- C ---------------------------------------------------------------------------------------- */

/* __queue_work(): where it is executing, but for ordered queues */
inline insert_work() {
	atomic {
		live(); assert(!gone); assert(pending && !on);
		if
		:: IF(ORDERED, true, !runs[last]) -> on = newest
		:: else -> on = last
		fi;
		last = on
	}
}

/* test_and_set_bit(), clear_pending_if_disabled() */
inline claim() {
	atomic { live(); ok = !pending; pending = true };
	when(ok, atomic { live(); when(disable > 0, pending = false; ok = false) })
}

inline queue_work() { claim(); when(ok, insert_work()) }
inline arm() { atomic { live(); assert(!gone); assert(pending && !armed); armed = true } }
inline queue_delayed_work() { claim(); when(ok, arm()) }

/* work_grab_pending(), see teardown.pml. Without WORK_CANCEL_DELAYED it waits until the timer has expired. */
inline grab_pending(delayed) {
	atomic {
		if
		:: delayed && armed -> armed = false; got = true
		:: on != NONE -> UNLESS(FORMER_POOL_FORGOTTEN, when(plugged, last = A + B - on)); on = NONE; got = true
		:: !pending -> pending = true; got = false
		fi;
		live()
	}
}

inline clear_pending() { atomic { live(); pending = false } }
inline disable_delayed_work() { grab_pending(true); atomic { live(); disable++; pending = false } }
inline enable_delayed_work() {
	grab_pending(false);
	atomic { live(); assert(disable > 0); disable--; pending = false }
}
inline cancel_delayed_work() { grab_pending(true); clear_pending() }
inline try_mod_delayed_work() {
	grab_pending(true);
	atomic { live(); ok = (disable == 0); when(!ok, pending = false) };
	when(ok, arm())
}

/* __flush_work() after the item has been disabled: only the pool where it was queued last. */
inline flush_last_pool() { atomic { live(); n = last }; !runs[n] }

/* ---- Rust ------------------------------------------------------------------------------------- */

/* Queue::access(): rcu_read_lock(), and `ok` if the queue takes items. */
inline enter() { rcu_read_lock(); atomic { ok = !closing } }

/* ScopedWork::adopt() */
inline adopt() {
	live();
	when(IF(CLOSES, true, false) && !linked,
		atomic { !lock -> lock = true };
		atomic { live(); linked = true; lock = false })
}

/* disable() counts after C has disabled the item; the count does not overflow here */
inline disable_() {
	IF(COUNT_FIRST, disabled++, skip);
	disable_delayed_work();
	IF(COUNT_FIRST, skip, atomic { live(); disabled++ })
}

/* enable() */
inline enable_() {
	IF(ENABLE_FIRST,
		atomic { live(); ok = (disabled > 0) };
		when(ok, enable_delayed_work(); disabled--),
		atomic { live(); ok = (disabled > 0 || IF(ENABLE_UNCOUNTED, disable > 0, false));
			 when(disabled > 0, disabled--) };
		when(ok, enable_delayed_work()))
}

inline method() {
	if
	:: enter(); when(ok, queue_work()); rcu_read_unlock()
	:: enter(); when(ok, adopt(); queue_delayed_work()); rcu_read_unlock()
	:: enter(); when(ok, adopt(); try_mod_delayed_work()); rcu_read_unlock()
	:: cancel_delayed_work()
	:: disable_()
	:: enable_()
	:: disable_delayed_work()			/* stop(), which is not counted */
	fi;
	atomic { ok = false; got = false }
}

/* DelayedItem::leave(), and that of the list. */
inline leave() {
	rcu_read_lock();
	if
	:: linked && IF(LIST_KEPT, false, true) ->
		atomic { !lock -> lock = true };
		atomic { live(); linked = false; lock = false }
	:: else
	fi;
	rcu_read_unlock()
}

active proctype Drop() {
	LOCALS;

	users == USERS;
	IF(DATA_FIRST, data_dropped = true, skip);
	IF(NOT_DISABLED, cancel_delayed_work(), IF(FLUSH_FIRST, skip, disable_delayed_work()));
	IF(NOT_FLUSHED, skip, flush_last_pool());
	IF(FLUSH_FIRST, disable_delayed_work(), skip);
	leave();
	data_dropped = true;
	freed = true
}

proctype User() {
	LOCALS;

	method();
	users++
}

proctype Worker(byte pool) {
	LOCALS;

end:	do
	:: atomic {
		on == pool && !runs[pool] && IF(ORDERED, !(runs[A + B - pool] || on == A + B - pool), true) ->
		live(); runs[pool] = true; on = NONE; pending = false; last = pool
	   };
	   live(); data();
	   do
	   :: atomic { calls > 0 -> calls-- }; method()
	   :: break
	   od;
	   live(); data();
	   runs[pool] = false
	od
}

active proctype Timer() {
end:	do
	:: atomic { armed -> live(); armed = false };
	   insert_work()
	od
}

active proctype Attrs() {
end:	do
	:: newest = A + B - newest
	od
}

#if CLOSES
active proctype Owner() {
	LOCALS;

	closing = true;
	waits = reading;
	waits == 0;
	/* Private::cancel_delayed(), take_back(): there is nothing to release */
	atomic { !lock -> lock = true };
	if
	:: linked ->
		do
		:: atomic { live(); got = (!pending || on) };
		   if :: got -> break :: else fi;
		   atomic { live(); got = armed };
		   if
		   :: got -> cancel_delayed_work(); break
		   :: else -> !pending || armed || on	/* cpu_relax() */
		   fi
		od;
		atomic { live(); linked = false; got = false }
	:: else
	fi;
	lock = false;
	waits = reading;
	waits == 0;
	atomic { !on && !busy -> assert(!armed); gone = true }	/* destroy_workqueue() */
}
#endif

init {
	byte n;

	atomic {
		run Worker(A);
		run Worker(B);
		do
		:: n < USERS -> run User(); n++
		:: else -> break
		od
	};
	freed && IF(CLOSES, gone, true);
	assert(!on && !armed && !busy);
	assert(!linked)
}

#ifdef LIVE
ltl ends { <> freed }
#endif
