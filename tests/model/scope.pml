/*
 * A scope (workqueue/scope.rs): closures that borrow from the stack of whoever called OwnedQueue::scope().
 *
 * What is lent, and the ScopeData that all of them share, are in a stack frame that is gone when scope() has
 * returned. Nothing may use them then, and scope() must return.
 *
 *     Caller    OwnedQueue::scope(): f spawns some, then ScopeData::wait()
 *     spawn()   Scope::try_spawn()
 *     Worker    ScopedItem::run(), ScopedClosure::call(), ScopeData::ended()
 *     Shutdown  OwnedQueue::shutdown(), by another thread that has borrowed the queue
 *
 * SPAWNS is how many closures f may spawn, CLOSURES how many there may be: the others are spawned by closures.
 */

#include "mutation.pml"

mtype = { UNUSED, QUEUED, RUNNING, ENDED };

mtype closure[CLOSURES] = UNUSED;
byte used;			/* of these */
bool frame = true;		/* the caller's, and that of scope() */
bool returned, stopped;

byte pending = IF(NO_OWN_COUNT, 0, 1);	/* ScopeData::pending */
bool done;				/* ScopeData::done */
bool lock;				/* of that completion */

bool closing;
short reading, waits;		/* RCU, as in teardown.pml */

#define borrowed()	assert(frame)

inline rcu_read_lock() { reading = reading | (1 << _pid) }
inline rcu_read_unlock() { atomic { reading = reading & ~(1 << _pid); waits = waits & reading } }

/* Takes one off the count. `others`: it was not the last. */
inline count_down() { atomic { borrowed(); assert(pending > 0); others = (pending > 1); pending-- } }
inline count_up() { atomic { borrowed(); pending++ } }

inline spawn() {
	borrowed();					/* self.data, self.queue */
	if
	:: skip						/* ENOMEM */
	:: used < CLOSURES ->
		IF(COUNT_BEFORE_ACCESS, count_up(), skip);
		IF(CHECK_OUTSIDE_RCU, skip, rcu_read_lock());
		if					/* Queue::access() */
		:: !closing ->
			IF(COUNT_LATE, skip, IF(COUNT_BEFORE_ACCESS, skip, count_up()));
			atomic {			/* queue_work_on() */
				assert(!stopped);
				if
				:: used < CLOSURES -> closure[used] = QUEUED; used++; ok = true
				:: else -> IF(COUNT_LATE, skip, pending--)	/* no room in the model */
				fi
			};
			IF(COUNT_LATE, when(ok, count_up()), skip);
			ok = false
		:: else					/* ESHUTDOWN: the closure is dropped by the caller */
		fi;
		IF(CHECK_OUTSIDE_RCU, skip, rcu_read_unlock())
	fi
}

/* complete_all(). */
inline complete() {
	atomic { !lock -> borrowed(); lock = true };
	atomic { borrowed(); done = true };
	atomic { borrowed(); lock = false }
}

/* ScopeData::ended(). */
inline ended() {
	count_down();
	IF(SECOND_LOAD, atomic { borrowed(); others = (pending > 0) }, skip);
	when(!others || IF(COMPLETE_ALWAYS, true, false), complete())
}

/* wait_for_completion(). */
inline wait_for_completion() {
	IF(COMPLETION_DONE, done, atomic { done && !lock -> lock = true }; lock = false)
}

active proctype Caller() {
	bool others, ok;
	byte n;

	do						/* f(&scope) */
	:: n < SPAWNS -> spawn(); n++
	:: break
	od;
	if
	:: skip
	:: IF(ERROR_RETURNS, true, false) -> goto out	/* f(&scope)? */
	fi;
	IF(NO_OWN_COUNT,
		atomic { others = (pending > 0) },
		count_down());
	when(others, wait_for_completion());
out:	atomic { frame = false; returned = true }
}

active[2] proctype Worker() {
	bool others, ok;
	byte i;

end:	do
	:: atomic {
		used > 0 && (closure[0] == QUEUED || (used > 1 && closure[1 % CLOSURES] == QUEUED) ||
			     (used > 2 && closure[2 % CLOSURES] == QUEUED)) ->
		i = (closure[0] == QUEUED -> 0 : (closure[1 % CLOSURES] == QUEUED -> 1 : 2));
		closure[i] = RUNNING
	   };
	   borrowed();					/* (*this).data */
	   IF(ENDED_FIRST, ended(), skip);
	   borrowed();					/* (func)() */
	   when(i < CLOSURES - 1, spawn());
	   IF(DROP_LATE, skip, borrowed());		/* what it has captured is dropped */
	   IF(ENDED_FIRST, skip, ended());
	   IF(DROP_LATE, borrowed(), skip);
	   IF(RUN_IN_MODULE, assert(!returned), skip);	/* the module may be unloaded then */
	   atomic { closure[i] = ENDED; i = 0; others = false }
	od
}

#if SHUTDOWN
active proctype Shutdown() {
	closing = true;
	waits = reading;				/* synchronize_rcu() */
	waits == 0;
	atomic {					/* flush_workqueue() */
		closure[0] != QUEUED && closure[0] != RUNNING &&
		closure[1 % CLOSURES] != QUEUED && closure[1 % CLOSURES] != RUNNING &&
		closure[2 % CLOSURES] != QUEUED && closure[2 % CLOSURES] != RUNNING -> stopped = true
	}
}
#endif

#ifdef LIVE
ltl ends { <> returned }
#else
active proctype End() {
end:	atomic { returned -> assert(pending == 0) }
}
#endif
