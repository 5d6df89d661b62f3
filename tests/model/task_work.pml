/*
 * A shared task work item (task_work.rs): the flag `pending`, which says who has access to what is linked into the
 * list of a task, and the reference to the module that has the code.
 *
 *     Adder      add(): try_get(), begin(), add_raw(), and after a failure end()
 *     Canceller  TaskWork::cancel(): cancel_raw(), end()
 *     Task       task_work_run(), on the way to user mode or with PF_EXITING; execute(), TaskWorkPointer::run()
 *     Unloader   delete_module()
 *
 * Adders and cancellers have an Arc of the item, and keep the module loaded as long as they are in its code.
 * There are ADDERS and CANCELLERS of them. Each adder has a request before it adds the item, and an execution takes
 * care of all requests that it finds, as does an adder that gets another error than EBUSY, or who cancels. So
 * nothing may be left at the end. With AGAIN the item adds itself, once.
 */

#include "mutation.pml"

#define TASKS 2

bool listed[TASKS];	/* the item is in task->task_works */
bool taken[TASKS];	/* task_work_run() has taken the list, and not yet got to the item */
bool exited[TASKS];	/* &work_exited */

bool pending;		/* TaskWork::pending */
byte access;		/* 0, or 1 + who has the access to `raw`; LIST: the list of a task */
#define LIST	255
bool raw_module;	/* RawTaskWork::module: there is a reference in it */

byte refs;		/* Arcs of the item */
bool freed;
byte module_refs = 1;	/* with MODULE_REF_BASE */
bool gone;		/* the module */

byte requests;		/* a bit for each adder */
byte added, executed, cancelled;
byte ended, started;
bool again;

#define mine		(1 + _pid)
#define code()		assert(!gone)		/* something of the module is executed */
#define live()		assert(!freed)
#define exclusive(who)	live(); assert(access == who)

inline put_item() { atomic { live(); assert(refs > 0); refs--; freed = (refs == 0) } }
inline put_module() { atomic { assert(module_refs > 0 && !gone); module_refs-- } }

/* end(): gives up the access, and gets the Arc back. */
inline end_() {
	code();
	atomic { live(); IF(NO_FLAG, skip, exclusive(mine); assert(pending)); access = 0; pending = false }
}

/* `result`: what add() returns. */
inline add(t) {
	code();
	result = NONE_YET;
	/* ModuleRef::try_get() */
	atomic { if :: module_refs > 0 -> module_refs++ :: else -> result = ENODEV fi };
	if
	:: result == NONE_YET ->
		/* begin() */
		atomic {
			live();
			if
			:: pending && IF(NO_FLAG, false, true) -> result = EBUSY
			:: else -> pending = true; IF(NO_FLAG, skip, assert(!access)); access = mine
			fi
		};
		if
		:: result == EBUSY -> put_module()
		:: else ->
			/* add_raw() */
			atomic { exclusive(mine); raw_module = true };
			/* task_work_add() */
			atomic {
				exclusive(mine);
				if
				:: exited[t] && IF(EXITED_UNSEEN, false, true) -> result = ESRCH
				:: else -> assert(!listed[t]); listed[t] = true; access = LIST; added++; result = ADDED
				fi
			};
			if
			:: result == ESRCH ->
				IF(FAILED_END_FIRST, end_(), skip);
				UNLESS(FAILED_KEEPS_MODULE,
					atomic { IF(FAILED_END_FIRST, assert(!access), exclusive(mine));
						 assert(raw_module); raw_module = false };
					put_module());
				IF(FAILED_END_FIRST, skip, UNLESS(FAILED_KEEPS_FLAG, end_()))
			:: else
			fi
		fi
	:: else
	fi;
	code()
}

mtype = { NONE_YET, ADDED, ENODEV, EBUSY, ESRCH };

proctype Adder(byte t; byte me) {
	mtype result;

	atomic { requests = requests | (1 << me) };
	add(t);
	if
	:: result == ADDED
	:: result == EBUSY -> put_item()
	:: else -> requests = 0; put_item()
	fi;
	code();
	put_module();				/* it leaves the module */
	ended++
}

/* cancel() */
proctype Canceller(byte t) {
	bool found;

	code();
	/* task_work_cancel() */
	atomic {
		live();
		found = listed[t] IF(CANCEL_TAKES_TAKEN, || taken[t], );
		if
		:: listed[t] -> exclusive(LIST); listed[t] = false; access = mine
		:: else -> when(found, access = mine)
		fi
	};
	if
	:: found || IF(CANCEL_IF_PENDING, pending, false) ->
		IF(CANCEL_IF_PENDING, access = mine, skip);
		IF(CANCEL_END_FIRST, end_(), skip);
		UNLESS(CANCEL_KEEPS_MODULE,
			atomic { IF(CANCEL_END_FIRST, assert(!access), exclusive(mine));
				 assert(raw_module); raw_module = false };
			put_module());
		IF(CANCEL_END_FIRST, skip, UNLESS(CANCEL_KEEPS_FLAG, end_()));
		atomic { cancelled++; requests = 0 };
		put_item()			/* what it has got */
	:: else
	fi;
	put_item();
	code();
	put_module();
	ended++
}

proctype Task(byte t) {
	bool exiting, kept;
	mtype result;

end:	do
	:: !exiting && ended == started -> exiting = true
	:: !exiting -> exiting = true			/* PF_EXITING */
	:: atomic { listed[t] -> exclusive(LIST); listed[t] = false; taken[t] = true };
	   /* What is before the item in the list is executed first. */
	   /* execute() */
	   atomic { exclusive(LIST); access = mine; taken[t] = false };
	   IF(MODULE_READ_LATE, skip, atomic { exclusive(mine); assert(raw_module); raw_module = false; kept = true });
	   IF(PUT_FIRST, put_module(), skip);
	   /* run() */
	   IF(FLAG_LATE, skip, end_());
	   atomic { code(); live(); executed++; requests = 0 };
	   IF(FLAG_LATE, end_(), skip);
	   if
	   :: IF(AGAIN, true, false) && !again -> again = true;
		atomic { live(); refs++ };
		add(t);
		if :: result == ADDED :: else -> when(result != EBUSY, requests = 0); put_item() fi
	   :: true
	   fi;
	   code();
	   put_item();
	   code();
	   IF(MODULE_READ_LATE, atomic { live(); assert(raw_module); raw_module = false }, skip);
	   IF(PUT_FIRST, skip, put_module());
	   IF(EXECUTE_IN_MODULE, code(), skip);		/* returns */
	   atomic { kept = false; result = 0 }
	:: atomic { exiting && !listed[t] -> exited[t] = true }; break
	od
}

/* What loads the module has put its reference; as long as there are others, rmmod fails. */
proctype Unloader() {
	atomic { module_refs == 1 -> module_refs = 0; gone = true }
}

init {
	byte n;

	atomic {
		refs = 1;			/* the module's own, which it drops when it is unloaded */
		n = 0;
		do
		:: n < ADDERS ->
			refs++; module_refs++; started++;
			if :: run Adder(0, n) :: n > 0 -> run Adder(1, n) fi;
			n++
		:: else -> break
		od;
		n = 0;
		do
		:: n < CANCELLERS -> refs++; module_refs++; started++; run Canceller(0); n++
		:: else -> break
		od;
		n = 0;
		run Task(0);
		run Task(1);
		run Unloader()
	};
	gone && exited[0] && exited[1];
	put_item();
	assert(freed);
	assert(!pending);
	assert(!access && !raw_module);
	assert(!requests);
	assert(added == executed + cancelled)
}

#ifdef LIVE
ltl ends { <> freed }
#endif
