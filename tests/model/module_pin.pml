/*
 * What keeps a module loaded until its code has returned: a closure of Queue::try_spawn_in_module()
 * (workqueue/kept_closure.rs), and the item of a private queue that drops the owner of that queue
 * (OwnedQueue::drop() in workqueue/owned_queue.rs). Task work does the same as the closure; the rest of it is in
 * task_work.pml.
 *
 *     Loader     do_init_module(), which may fail, then as often as it takes delete_module()
 *     Caller     something that the module registers in init() and ends in exit(), such as an interrupt: it calls
 *                try_spawn_in_module(), at any time before it has been ended
 *     Worker     execute() in kept_closure.rs, KeptClosure::call()
 *     Item       an item of a private queue. It shares the owner of that with a device, which is unbound at some time.
 *                With KEPT_ITEM, it is a closure of try_spawn_in_module().
 *     Other      another item of that queue
 *     Destroyer  Private::destroy_later(), an item of a system queue
 *
 * code() is a step in the text of the module, or a use of its data. There are CALLERS, each of which spawns up to
 * CLOSURES, and with QUEUE the item. Nothing of this keeps the module before the item drops the owner: here the user
 * waits for that before rmmod. UNLOAD_EARLY and UNBOUND_BY_EXIT are without that. With STRAGGLER, a failing init()
 * returns while there are callers, which end before the module is freed, as those in RCU do.
 */

#include "mutation.pml"

mtype = { coming, live, going, unformed, freed };

mtype state = coming;
byte refcnt = 2;		/* MODULE_REF_BASE, and the one of the loader */

#define code()	assert(state != freed)

byte callers;			/* that have not ended */
bool registered;
bool failed;			/* init() */
byte queued;			/* closures on the queue */
byte spawned, done;
bool open_ = true;		/* the queue that the closures are on */

bool item_runs, on_queue;	/* the item of a private queue */
bool other_runs;		/* another item of it */
byte owners;			/* shares of the owner of that queue */
bool destruction;		/* Private::destruction is queued */
bool kept;			/* Private::kept */
bool dropped;			/* the item has dropped the owner */
bool destroyed;

inline module_put() { atomic { assert(state != freed); assert(refcnt > 0); refcnt-- } }

/* ModuleRef::try_get(): is_live(), then module_is_live() and atomic_inc_not_zero() in try_module_get(). */
inline try_get() {
	ok = true;
	when(IF(COMING_TAKEN, false, true) && IF(ONLY_COMING_REFUSED, state == coming, state != live), ok = false);
	when(ok && IF(NOT_LIVE_TAKEN, false, true) && state == going, ok = false);
	atomic {
		assert(state != freed);
		ok = (ok && (refcnt > 0 || IF(ZERO_TAKEN, true, false)));
		when(ok, refcnt++; assert(!failed))	/* what is freed all the same is not kept */
	}
}

proctype Caller() {
	bool ok;
	byte n;

	do
	:: (registered IF(STRAGGLER, || state != freed, )) && n < CLOSURES ->
		n++;
		code();
		IF(NEVER_TAKEN, ok = true, try_get());
		if
		:: ok ->
			if
			:: skip ->				/* ENOMEM, the ModuleRef is dropped */
				UNLESS(NEVER_TAKEN, UNLESS(REFUSED_KEEPS, module_put()))
			:: atomic { open_ -> queued++; spawned++ }
			:: !open_ -> UNLESS(NEVER_TAKEN, UNLESS(REFUSED_KEEPS, module_put()))	/* ESHUTDOWN: the closure comes back */
			fi
		:: else
		fi;
		code();
		ok = false
	:: atomic { !registered -> callers-- }; break
	od
}

proctype Worker() {
end:	do
	:: atomic { queued > 0 -> queued-- };
	   /* execute(): takes `call` and `module` out of the header */
	   IF(PUT_FIRST, module_put(), skip);
	   code();					/* func() */
	   code();					/* what it has captured is dropped, the box is freed */
	   IF(NEVER_TAKEN, skip, IF(PUT_FIRST, skip, module_put()));
	   IF(PUT_IN_MODULE, code(), skip);		/* returns */
	   done++
	od
}

/* Takes one of the shares of the owner, and waits for the queue if it was the last, and not dropped by the item. */
inline drop_share() {
	atomic { assert(owners > 0); owners--; ok = (owners == 0) }
}

proctype Item() {
	bool ok;

	atomic { on_queue -> on_queue = false };
	code();
	drop_share();
	if
	:: ok ->
		/* ModuleRef::of_code(code_of(current_work_func())), where execute() is not code of the module */
		IF(QUEUE_NOT_KEPT, ok = false, IF(CODE_OF_EXECUTE, ok = false, try_get()));
		atomic { kept = ok; destruction = true; dropped = true; ok = false }
	:: else
	fi;
	code();						/* returns */
	IF(KEPT_ITEM, module_put(), skip);		/* in execute() */
	item_runs = false
}

proctype Other() {
	code();
	code();						/* returns */
	other_runs = false
}

proctype Destroyer() {
	bool ok;

end:	atomic { destruction -> destruction = false; ok = kept };
	IF(KEPT_PUT_FIRST, when(ok, module_put()), skip);
	!item_runs && !other_runs -> destroyed = true;	/* destroy_workqueue() */
	IF(KEPT_PUT_FIRST, skip, when(ok, module_put()))
}

/* The device goes, before or in exit(). */
inline unbind() {
	if
	:: owners > 0 && device ->
		device = false;
		drop_share();
		when(ok, !item_runs && !other_runs -> destroyed = true);
		ok = false
	:: else
	fi
}

active proctype Loader() {
	bool ok, device, unbound;
	byte n;
	short ret;

	/* init() */
	atomic {
		registered = true;
		callers = CALLERS;
		do
		:: n < CALLERS -> run Caller(); n++
		:: else -> break
		od;
		run Worker()
	};
	code();
	if
	:: failed = true; registered = false; UNLESS(STRAGGLER, callers == 0)
	:: true
	fi;
	if
	:: failed ->
		state = going;
		module_put();
		state = unformed;
		callers == 0;
		goto free
	:: else
	fi;
	state = live;
	module_put();
	IF(QUEUE,
		atomic {
			device = true; owners = 2; item_runs = true; on_queue = true; other_runs = true;
			IF(KEPT_ITEM, refcnt++, skip);
			run Item(); run Other(); run Destroyer()
		};
		IF(UNBOUND_BY_EXIT, skip, unbind());
		UNLESS(UNBOUND_BY_EXIT, UNLESS(KEPT_ITEM, UNLESS(UNLOAD_EARLY, !item_runs || dropped || destroyed))),
		skip);
	if
	:: open_ = false			/* who has the queue of the closures shuts it down */
	:: true
	fi;
	/* delete_module(): try_stop_module() */
	do
	:: atomic { refcnt--; ret = refcnt };
	   if
	   :: ret == 0 -> break
	   :: else -> atomic { ret = refcnt; when(ret, refcnt++) };
		if
		:: ret == 0 -> break
		:: else -> refcnt == 1		/* the user tries again */
		fi
	   fi
	od;
	state = going;
	/* exit() */
	code();
	registered = false;
	callers == 0;
	unbind();
	state = unformed;
free:	atomic { assert(registered == false); state = freed };
	done == spawned && !destruction && !item_runs && !other_runs && (refcnt == 0 || failed)
}

#ifdef LIVE
ltl ends { <> (state == freed) }
#endif
