/*
 * IF(mutation, wrong, right): what is there with -Dmutation, and what without. An option with a number, such as
 * ENQ=2, can be asked for in the same way.
 */

#define IF(option, then, otherwise)	IF_(option, then, otherwise)
#define IF_(value, then, otherwise)	IF__(PICK_##value, then, otherwise)
#define IF__(pick, then, otherwise)	SECOND(pick then, otherwise, )
#define SECOND(first, second, ...)	second
#define PICK_1	,	/* values that an option has; without one, its name makes no such word */
#define PICK_2	,
#define UNLESS(option, right)		IF(option, skip, right)
#define when(condition, statement)	if :: condition -> statement :: else fi
