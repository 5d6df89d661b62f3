/*
 * A scope (workqueue/scope.rs): closures that borrow from the stack of whoever called OwnedQueue::scope().
 *
 * What is lent, and the Scope itself, are in a stack frame that is gone when scope() has returned. Nothing may use
 * them then, no closure may be left, and scope() must return.
 *
 *     Caller    OwnedQueue::scope(): f spawns some, then flushes until nothing has been spawned meanwhile
 *     spawn()   Scope::try_spawn()
 *     Worker    executes a closure
 *     Shutdown  OwnedQueue::shutdown(), by another thread that has borrowed the queue
 *
 * A flush waits for what was enqueued before it began, until the worker has returned from the function.
 *
 * SPAWNS is how many closures f may spawn, CLOSURES how many there may be: the others are spawned by closures.
 */

#include "mutation.pml"

mtype = { UNUSED, QUEUED, RUNNING, ENDED };

mtype closure[CLOSURES] = UNUSED;
byte used;			/* of these */
bool frame = true;		/* the caller's, and that of scope() */
bool returned, stopped;
bool spawned;			/* Scope::spawned */

bool closing;
short reading, waits;		/* RCU, as in teardown.pml */

#define borrowed()	assert(frame)
#define over(i)		(closure[(i) % CLOSURES] != QUEUED && closure[(i) % CLOSURES] != RUNNING)

inline rcu_read_lock() { reading = reading | (1 << _pid) }
inline rcu_read_unlock() { atomic { reading = reading & ~(1 << _pid); waits = waits & reading } }

inline spawn() {
	borrowed();					/* self.queue */
	if
	:: skip						/* ENOMEM */
	:: used < CLOSURES ->
		IF(CHECK_OUTSIDE_RCU, skip, rcu_read_lock());
		if					/* Queue::access() */
		:: !closing ->
			when(IF(SET_FIRST, true, false), spawned = true);
			atomic {			/* queue_work_on() */
				assert(!stopped);
				if
				:: used < CLOSURES -> closure[used] = QUEUED; used++
				:: else				/* no room in the model */
				fi
			};
			borrowed();
			when(IF(SET_FIRST, false, true), spawned = true)
		:: else					/* ESHUTDOWN: the closure is dropped by the caller */
		fi;
		IF(CHECK_OUTSIDE_RCU, skip, rcu_read_unlock())
	fi
}

active proctype Caller() {
	byte n;

	do						/* f(&scope) */
	:: n < SPAWNS -> spawn(); n++
	:: break
	od;
	if
	:: skip
	:: IF(ERROR_RETURNS, true, false) -> goto out	/* f(&scope)? */
	fi;
	do
	:: spawned ->
		when(IF(RESET_LATE, false, true), spawned = false);
		n = used;				/* flush() */
		(n < 1 || over(0)) && (n < 2 || over(1)) && (n < 3 || over(2));
		when(IF(RESET_LATE, true, false), spawned = false);
		when(IF(FLUSH_ONCE, true, false), break)
	:: else -> break
	od;
out:	atomic {
		assert(over(0) && over(1) && over(2));
		frame = false;
		returned = true
	}
}

active[2] proctype Worker() {
	byte i;

end:	do
	:: atomic {
		used > 0 && (closure[0] == QUEUED || (used > 1 && closure[1 % CLOSURES] == QUEUED) ||
			     (used > 2 && closure[2 % CLOSURES] == QUEUED)) ->
		i = (closure[0] == QUEUED -> 0 : (closure[1 % CLOSURES] == QUEUED -> 1 : 2));
		closure[i] = RUNNING
	   };
	   borrowed();					/* (func)() */
	   when(i < CLOSURES - 1, spawn());
	   borrowed();					/* what it has captured is dropped */
	   atomic { closure[i] = ENDED; i = 0 }
	od
}

#if SHUTDOWN
active proctype Shutdown() {
	closing = true;
	waits = reading;				/* synchronize_rcu() */
	waits == 0;
	atomic { over(0) && over(1) && over(2) -> stopped = true }	/* flush() */
}
#endif

#ifdef LIVE
ltl ends { <> returned }
#endif
