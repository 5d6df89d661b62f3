/*
 * Destruction of a private workqueue while delayed items come, go, expire and are moved.
 *
 * A statement is one step, and so is an atomic{}. Between two steps any other process, which stands for
 * another CPU, may do its own. Memory is sequentially consistent.
 *
 * run.py gives, as -D options, how many processes of each kind there are (ENQ, MOD, ...), what the items
 * are like (ITEMS, REARM, ...), and a mutation, which replaces something.
 */

#include "mutation.pml"

#ifndef ITEMS
#define ITEMS 1
#endif

#define NONE 0	/* no queue, a null pointer */
#define Q    1	/* the private queue */
#define Q2   2	/* another one */
#define S    3	/* a system queue, which is never destroyed */

typedef Block {		/* what the owner of a private queue and references to it share */
	bool closing;
	bool lock;	/* of the list of delayed items; interrupts are off */
	bool registered;/* an item has been linked at some time */
	byte refs;
	bool freed;
	bool unlinked;	/* GP2_IF_UNLINKED: a walk has found something */
	bool gone	/* destroy_workqueue() has returned */
};

typedef Item {
	bool pending;	/* work.data: WORK_STRUCT_PENDING */
	byte on;	/* work.data: WORK_STRUCT_PWQ, and the queue whose worklist it is on */
	bool armed;	/* the timer */
	byte wq;	/* dwork->wq */
	byte owner;	/* a block, or null; changed only with the lock of that block */
	byte list;	/* the block in whose list it is linked */
	byte refs;
	bool freed;
	bool given	/* C has the reference that an enqueue has given to it */
};

Block block[4];
Item item[ITEMS];
byte runs[ITEMS];	/* the queue that executes it */
byte lent;		/* processes that have borrowed the owner of Q */
byte started, ended;	/* processes that use items and queues */

#define LOCALS		byte o; byte n; byte e; bool ok; bool got; bool last; bool idle; bool queued; \
			bool timer; bool found; bool wait IF(SEMANTIC, ; byte from, )
#define live(i)		assert(!item[i].freed)
#define usable(q)	assert(!block[q].freed)
#define give(i)		assert(!item[i].given); item[i].given = true
#define take(i)		assert(item[i].given); item[i].given = false

#if ITEMS == 1
#define EITHER(x)	(x(0))
#define FIRST(x)	(x(0) -> 0 : ITEMS)
#else
#define EITHER(x)	(x(0) || x(1))
#define FIRST(x)	(x(0) -> 0 : (x(1) -> 1 : ITEMS))
#endif
#define executed(i)	(item[i].on == q || runs[i] == q)
#define armed(i)	(item[i].armed && item[i].wq == q)
#define linked(i)	(item[i].list == q)
#define busy(i)		(item[i].pending || runs[i])

/*
 * RCU. A grace period ends when all sections that had been entered before have been left: `waits` is whom
 * each caller of synchronize_rcu() waits for, and leaving a section takes a process out of all of them.
 */
short reading, waits[4];

inline rcu_read_lock() { reading = reading | (1 << _pid) }
inline rcu_read_unlock() {
	atomic {
		reading = reading & ~(1 << _pid);
		waits[0] = waits[0] & reading; waits[1] = waits[1] & reading;
		waits[2] = waits[2] & reading; waits[3] = waits[3] & reading
	}
}
inline synchronize_rcu(w) {
	atomic { assert(!(reading & (1 << _pid))); waits[w] = reading };
	waits[w] == 0
}

inline spin_lock(q)   { atomic { !block[q].lock -> usable(q); block[q].lock = true } }
inline spin_unlock(q) { atomic { usable(q); block[q].lock = false } }

/* ---- C ---------------------------------------------------------------------------------------- */

/* __queue_work(). */
inline insert_work(q, i) {
	atomic { live(i); assert(!block[q].gone); assert(item[i].pending && !item[i].on); item[i].on = q }
}

/* test_and_set_bit(WORK_STRUCT_PENDING_BIT). `ok`: it was idle, and the reference has been given to C. */
inline set_pending(q, i) {
	atomic {
		live(i);
		assert(!block[q].gone);
		ok = !item[i].pending;
		item[i].pending = true;
		when(ok, give(i))
	}
}

/* __queue_delayed_work(). */
inline arm(q, i) {
	atomic { live(i); assert(!block[q].gone); item[i].wq = q };
	atomic { live(i); assert(item[i].pending && !item[i].armed); item[i].armed = true }	/* add_timer() */
}

inline queue_work(q, i) {
	set_pending(q, i);
	when(ok, insert_work(q, i))
}

inline queue_delayed_work(q, i) {
	set_pending(q, i);
	if
	:: ok -> arm(q, i)
	:: ok && IF(ZERO, true, false) -> insert_work(q, i)	/* without a delay */
	:: else
	fi
}

/*
 * work_grab_pending(): PENDING is the caller's afterwards, and `got` whether it had been set. C looks at
 * timer, PENDING and worklist in a row, and starts again if none fits. What succeeds does so in one step,
 * and what fails has no effect: so it is one step here, which waits while the item is in flight.
 */
inline grab_pending(i) {
	atomic {
		if
		:: item[i].armed -> IF(SEMANTIC, from = item[i].wq, skip); item[i].armed = false; got = true
		:: item[i].on -> IF(SEMANTIC, from = item[i].on, skip); item[i].on = NONE; got = true
		:: !item[i].pending -> item[i].pending = true; got = false
		fi;
		live(i)
	}
}

/* `got`: the caller has the reference. */
inline cancel_delayed_work(i) {
	grab_pending(i);
	atomic { live(i); item[i].pending = false; when(got, take(i)) }
}

/* `ok`: it was idle, and the reference has been given to C; otherwise the caller has one too many. */
inline mod_delayed_work(q, i) {
	grab_pending(i);
	atomic { ok = !got; got = false; when(ok, give(i)) };
	arm(q, i)
}

inline flush_delayed_work(i) {
	atomic { live(i); timer = item[i].armed; item[i].armed = false };
	when(timer, insert_work(item[i].wq, i));
	atomic { item[i].on == NONE && runs[i] == NONE -> live(i); timer = false }
}

inline destroy_workqueue(q) { atomic { !EITHER(executed) -> usable(q); block[q].gone = true } }

/* The CPU on which the timer of the item expires. */
proctype Timer(byte i) {
end:	do
	:: atomic { item[i].armed -> live(i); item[i].armed = false };
	   insert_work(item[i].wq, i)
	od
}

/* ---- Rust: enqueueing ------------------------------------------------------------------------- */

/* rcu_read_lock(), and `ok` if the queue takes items. */
inline enter(q) {
	IF(CHECK_OUTSIDE_RCU, skip, rcu_read_lock());
	atomic { usable(q); ok = !block[q].closing };
	IF(CHECK_OUTSIDE_RCU, rcu_read_lock(), skip)
}

/* Links the item. `ok` becomes false if it belongs to another queue meanwhile. */
inline register(q, i) {
	spin_lock(q);
	IF(NO_CMPXCHG,
		atomic { live(i); o = item[i].owner }; when(o == NONE, item[i].owner = q),
		atomic { live(i); o = item[i].owner; when(o == NONE, item[i].owner = q) });
	if
	:: o == NONE || IF(NO_RECHECK, true, false) ->
		IF(NO_RECHECK, item[i].owner = q, skip);
		atomic { live(i); usable(q); assert(!item[i].list); item[i].list = q; block[q].registered = true }
	:: else -> ok = (o == q)
	fi;
	spin_unlock(q)
}

/* `ok` stays true if the item belongs to this queue, or to none until now. */
inline belong(q, i) {
	if
	:: ok ->
		atomic { live(i); o = item[i].owner };
		ok = (o == NONE || o == q || IF(NOT_REFUSED, true, false));
		when(ok && o == NONE, register(q, i));
		o = NONE
	:: else
	fi
}

/* `ok`: the reference has been given to C. */
inline enqueue_delayed(q, i) {
	enter(q);
	IF(REGISTER_LATE, skip, belong(q, i));
	IF(EARLY_UNLOCK, rcu_read_unlock(), skip);
	when(ok, queue_delayed_work(q, i));
	IF(REGISTER_LATE, belong(q, i), skip);
	IF(EARLY_UNLOCK, skip, rcu_read_unlock())
}

inline mod_delayed(q, i) {
	enter(q);
	belong(q, i);
	IF(EARLY_UNLOCK, rcu_read_unlock(), skip);
	when(ok, mod_delayed_work(q, i));
	IF(EARLY_UNLOCK, skip, rcu_read_unlock())
}

/* Without a delay nothing has to be registered: destroy_workqueue() sees what is on its worklist. */
inline enqueue(q, i) {
	enter(q);
	IF(EARLY_UNLOCK, rcu_read_unlock(), skip);
	when(ok, queue_work(q, i));
	IF(EARLY_UNLOCK, skip, rcu_read_unlock())
}

/* A system queue only looks whether the item belongs to a private one. That may change right after. */
inline unowned(i) { atomic { live(i); ok = (item[i].owner == NONE || IF(SYSTEM_UNCHECKED, true, false)) } }
inline enqueue_delayed_on_system(i) { unowned(i); when(ok, queue_delayed_work(S, i)) }
inline mod_delayed_on_system(i)     { unowned(i); when(ok, mod_delayed_work(S, i)) }

/* ---- Rust: references ------------------------------------------------------------------------- */

inline put_block(q) {
	atomic { usable(q); assert(block[q].refs > 0); block[q].refs--; block[q].freed = (block[q].refs == 0) }
}

/* drop() of the item's Work: nothing enqueues, owns or executes it. */
inline drop_work(i) {
	UNLESS(DROP_OUTSIDE_RCU, rcu_read_lock());
	atomic { live(i); o = item[i].owner };
	if
	:: o && IF(DROP_KEEPS_LINK, false, true) ->
		spin_lock(o);
		if
		:: item[i].owner == o || IF(DROP_NO_RECHECK, true, false) ->
			atomic { usable(o); assert(item[i].list == o); item[i].list = NONE };
			item[i].owner = NONE
		:: else
		fi;
		spin_unlock(o)
	:: else
	fi;
	UNLESS(DROP_OUTSIDE_RCU, rcu_read_unlock());
	o = NONE
}

/*
 * Drops a reference on an item and, after the last one, what the item holds: with REARM a reference on Q,
 * with CHAIN the only one on item 1, which its drop() may enqueue, on any queue, before.
 */
inline put(x) {
	n = x;
	do
	:: atomic { live(n); assert(item[n].refs > 0); item[n].refs--; last = (item[n].refs == 0) };
	   if :: !last -> break :: else fi;
	   IF(REFERENCE_FIRST, put_block(Q), skip);
	   drop_work(n);
	   atomic { live(n); item[n].freed = true };
	   IF(REFERENCE_FIRST, skip, IF(REARM, put_block(Q), skip));
	   if
	   :: n == 1 || IF(CHAIN, false, true) -> break
	   :: else ->
		n = 1;
		ok = false;
		IF(CHAIN, if :: skip :: enqueue_delayed_on_system(1) IF(REARM, :: enqueue_delayed(Q, 1), ) fi, skip);
		if :: ok -> break :: else fi
	   fi
	od;
	atomic { n = 0; last = false; ok = false }
}

/* ---- Rust: the end of a queue ----------------------------------------------------------------- */

/*
 * What cancel_delayed_work() could be replaced by: timer_delete(), and with PENDING, which nothing else
 * takes then, dwork->wq is stable. Armed elsewhere, it is armed again; the walk sees that when it retries.
 */
inline take_timer(q, i) {
	atomic { live(i); got = item[i].armed; IF(SEMANTIC, from = item[i].wq, skip); item[i].armed = false };
	atomic { live(i); timer = got; got = (got && item[i].wq == q) };
	if
	:: got -> atomic { live(i); item[i].pending = false; take(i) }
	:: timer && !got -> atomic { live(i); assert(!item[i].armed); item[i].armed = true }
	:: else
	fi
}

/* Empties the list, and sees to it that nothing of it is armed, or about to be put on the worklist. */
inline walk(q) {
	do
	:: UNLESS(WALK_UNLOCKED, spin_lock(q));
	   atomic { usable(q); e = FIRST(linked) };
	   if
	   :: e == ITEMS -> UNLESS(WALK_UNLOCKED, spin_unlock(q)); break
	   :: else
	   fi;
	   atomic { got = false; found = true; block[q].unlinked = IF(GP2_IF_UNLINKED, true, false) };
	   do
	   :: atomic { live(e); idle = !item[e].pending; queued = (item[e].on != NONE) };	/* work.data */
	      if
	      :: idle -> break
	      :: queued && IF(NO_PWQ_TEST, false, true) -> break	/* destroy_workqueue() executes it */
	      :: else
	      fi;
	      atomic { live(e); timer = item[e].armed };		/* timer_pending() */
	      if
	      :: timer ->
		atomic { live(e); o = item[e].wq };
		if
		:: o != q && IF(WQ_NOT_COMPARED, false, true) -> break	/* armed elsewhere */
		:: else
		fi;
		IF(TIMER_ONLY, take_timer(q, e), cancel_delayed_work(e));
		IF(SEMANTIC, assert(!got || from == q), skip);		/* nothing that another queue has */
		if						/* if not, it is idle: not armed here again */
		:: got || IF(TIMER_ONLY, false, true) -> break
		:: else
		fi
	      :: else ->
		/* In flight. It will arrive, as that CPU has interrupts off: cpu_relax(), and again. */
		IF(IN_FLIGHT_SKIPPED, break,
		   !(item[e].pending && !item[e].armed && (!item[e].on || IF(NO_PWQ_TEST, true, false))))
	      fi
	   od;
	   IF(OWNER_FIRST, item[e].owner = NONE, skip);
	   atomic { live(e); item[e].list = NONE };
	   IF(OWNER_KEPT, skip, atomic { live(e); item[e].owner = NONE });	/* may be freed now, if not got */
	   UNLESS(RELEASE_LOCKED, UNLESS(WALK_UNLOCKED, spin_unlock(q)));
	   when(got && IF(RELEASE_NONE, false, true), put(e));
	   IF(RELEASE_TWICE, when(got, put(e)), skip);
	   IF(RELEASE_LOCKED, spin_unlock(q), skip)
	od;
	atomic { e = 0; o = NONE; got = false; idle = false; queued = false; timer = false }
}

/* `w`: which of `waits`. `always`: there may be others that have borrowed the owner. */
inline close(x, w, always) {
	IF(WALK_FIRST, walk(x), skip);
	IF(GP1_LATE, synchronize_rcu(w), skip);
	UNLESS(NEVER_CLOSING, block[x].closing = true);
	IF(WALK_EARLY, walk(x), skip);
	atomic { usable(x); wait = (always || block[x].refs > 1) };
	when(wait && IF(NO_GP1, false, IF(GP1_LATE, false, true)), synchronize_rcu(w));
	IF(WALK_FIRST, skip, IF(WALK_EARLY, skip, IF(DESTROY_FIRST, skip, walk(x))))
}

proctype Owner(byte q) {
	LOCALS;
	lent == 0 || q == Q2;
	close(q, q, false);
	IF(DESTROY_FIRST, destroy_workqueue(q); walk(q), skip);
	wait = IF(NO_GP2, false, IF(GP2_IF_FOUND, found, IF(GP2_IF_UNLINKED, block[q].unlinked, block[q].registered)));
	when(wait, synchronize_rcu(q));
	IF(DESTROY_FIRST, skip, destroy_workqueue(q));
	assert(!EITHER(armed) && !EITHER(executed));
	put_block(q);
	ended++
}

/* ---- Who uses them ---------------------------------------------------------------------------- */

/* Who executes the item, on any queue: C does not execute it twice at a time. */
proctype Worker(byte i) {
	LOCALS;
end:	do
	:: atomic {
		item[i].on && IF(ORDERED, runs[1 - i] != item[i].on, true) ->	/* max_active is 1 */
		live(i);
		runs[i] = item[i].on;
		item[i].on = NONE;
		item[i].pending = false;
		take(i);
		ok = false
	   };
	   if
	   :: IF(REARM, true, false) -> enqueue_delayed(Q, i)	/* run(): through the reference that it holds */
	   :: IF(ALWAYS, false, true) -> skip
	   fi;
	   when(!ok, put(i));
	   atomic { assert(!block[runs[i]].gone); runs[i] = NONE; ok = false }
	od
}

/* One that has a reference on the item, and one on a private queue or else has borrowed its owner. */
#define USER(name, operation)							\
	proctype name(byte q; byte i) {						\
		LOCALS;								\
		operation;							\
		if								\
		:: ok								\
		:: else -> when(got, put(i)); put(i)				\
		fi;								\
		if								\
		:: BORROWS(q) -> lent--						\
		:: !BORROWS(q) && (q == Q || q == Q2) -> put_block(q)		\
		:: else								\
		fi;								\
		ended++								\
	}
#define BORROWS(q)	(q == Q && IF(BORROWED, true, false))

IF(ENQ, USER(Enqueue, enqueue_delayed(q, i)), IF(ENQ2, USER(Enqueue, enqueue_delayed(q, i)), ))
IF(MOD, USER(Mod, mod_delayed(q, i)), IF(MOD2, USER(Mod, mod_delayed(q, i)), ))
IF(NOW, USER(Now, enqueue(q, i)), )
IF(SYS, USER(System, enqueue_delayed_on_system(i)), )
IF(SYSMOD, USER(SystemMod, mod_delayed_on_system(i)), )
IF(SYSNOW, USER(SystemNow, queue_work(q, i)), )
IF(CANCEL, USER(Cancel, cancel_delayed_work(i)), )
IF(FLUSH, USER(Flush, flush_delayed_work(i)), )
IF(HANDLE, USER(Handle, skip), )

/* It has borrowed Q's owner: as flush_workqueue() does, waits for what is on the worklist. */
proctype Shutdown(byte w; byte i) {
	byte q = Q;
	LOCALS;
	close(q, w, IF(SHUTDOWN_SKIPS_GP1, false, true));
	!EITHER(executed);
	assert(!EITHER(armed));
	enqueue_delayed(Q, i);
	assert(!ok);		/* refused, for ever */
	assert(!EITHER(armed) && !EITHER(executed));
	put(i);
	lent--;
	ended++
}

/* Starts processes, which get item 0 or, in turns, 0 and 1. */
#define START(count, name, q, takes)						\
	n = 0;									\
	do									\
	:: n < count -> item[n % ITEMS].refs++; takes; run name(q, n % ITEMS); started++; n++	\
	:: else -> break							\
	od;
#define REFERS(count, name, q)	START(count, name, q, if :: BORROWS(q) -> lent++ :: else -> block[q].refs++ fi)

init {
	LOCALS;
	atomic {
		block[Q].refs = 1;
		block[Q2].refs = 1;
		n = 0;
		do
		:: n < ITEMS ->
			IF(REARM, block[Q].refs++, skip);
			IF(ARMED, item[n].refs++; enqueue_delayed(Q, n); assert(ok), skip);
			IF(IDLE, item[n].refs++; enqueue_delayed(Q, n); cancel_delayed_work(n); item[n].refs--, skip);
			run Timer(n);
			run Worker(n);
			n++
		:: else -> break
		od;
		IF(CHAIN, item[1].refs++, skip);
		IF(ENQ, REFERS(ENQ, Enqueue, Q), )
		IF(ENQ2, REFERS(ENQ2, Enqueue, Q2), )
		IF(MOD, REFERS(MOD, Mod, Q), )
		IF(MOD2, REFERS(MOD2, Mod, Q2), )
		IF(NOW, REFERS(NOW, Now, Q), )
		IF(SYSNOW, START(SYSNOW, SystemNow, S, skip), )
		IF(SYS, START(SYS, System, S, skip), )
		IF(SYSMOD, START(SYSMOD, SystemMod, S, skip), )
		IF(CANCEL, START(CANCEL, Cancel, NONE, skip), )
		IF(FLUSH, START(FLUSH, Flush, NONE, skip), )
		IF(HANDLE, START(HANDLE, Handle, NONE, skip), )
		IF(SHUTDOWN, START(SHUTDOWN, Shutdown, n * 3, lent++), )	/* waits[0] and waits[3] */
		run Owner(Q);
		started++;
		IF(OTHER, run Owner(Q2); started++, block[Q2].freed = true; block[Q2].gone = true);
		n = 0; ok = false; got = false
	};
	ended == started;
	atomic { !EITHER(busy) -> n = 0 };
	/* Everything has ended, and nothing is left over. */
	do
	:: n < ITEMS -> atomic { assert(item[n].freed && !item[n].given && !item[n].list); n++ }
	:: else -> break
	od;
	assert(block[Q].freed && block[Q].gone && block[Q2].freed && block[Q2].gone && !reading)
}

#ifdef LIVE
ltl ends { <> (started && ended == started) }
#endif
