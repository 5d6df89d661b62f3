// SPDX-License-Identifier: GPL-2.0

//! A call of the API with all that it needs, which can be made in any context, and what comes of it.

use crate::{
    board::Payload,
    items::{
        execute,
        Boxed,
        BoxedDelayed,
        Counted,
        Fixed,
        Owner,
        Shared,
        Valuable, //
    },
};
use core::ops::Deref;
use kernel::{
    alloc::Flags,
    cpu::CpuId,
    prelude::*,
    sync::{
        aref::ARef,
        Arc, //
    },
    time::Delta,
    workqueue::{
        DeferredDrop,
        Disabled,
        EnqueueError,
        OwnedQueue,
        Queue,
        WorkHandle, //
    },
};

/// A work of a shared item.
#[derive(Clone)]
pub(crate) enum Thing {
    Plain(Arc<Shared>),
    Delayed(Arc<Shared>),
    CountedPlain(ARef<Counted>),
    CountedDelayed(ARef<Counted>),
    Fixed(&'static Fixed),
    Scoped(Arc<Owner>),
}

/// A queue, in one of the ways in which a caller has one.
#[derive(Clone)]
pub(crate) enum QueueRef {
    Owned(Arc<OwnedQueue>),
    Reference(ARef<Queue>),
    System(&'static Queue),
}

impl Deref for QueueRef {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        match self {
            Self::Owned(queue) => queue,
            Self::Reference(queue) => queue,
            Self::System(queue) => queue,
        }
    }
}

/// What keeps an item disabled, or stops it in the end.
#[allow(dead_code)]
pub(crate) enum Guard {
    Plain(Disabled<Arc<Shared>, 1>),
    Delayed(Disabled<Arc<Shared>, 2>),
    CountedPlain(Disabled<ARef<Counted>, 1>),
    CountedDelayed(Disabled<ARef<Counted>, 2>),
    Fixed(Disabled<&'static Fixed>),
    HandlePlain(WorkHandle<Arc<Shared>, 1>),
    HandleDelayed(WorkHandle<Arc<Shared>, 2>),
    HandleCountedPlain(WorkHandle<ARef<Counted>, 1>),
    HandleCountedDelayed(WorkHandle<ARef<Counted>, 2>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    Zero,
    Jiffy,
    Hour,
}

impl Wait {
    fn delta(self) -> Delta {
        match self {
            Self::Zero => Delta::from_millis(0),
            // What is not a whole number of jiffies is rounded up.
            Self::Jiffy => Delta::from_micros(700),
            Self::Hour => Delta::from_secs(3600),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Once {
    Closure,
    ClosureInModule,
    ClosureDelayed,
    Boxed,
    BoxedDelayed,
    DeferredDrop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Enqueue,
    EnqueueOn(u32),
    EnqueueDelayed(Wait),
    ModDelayed(Wait),
    Cancel,
    CancelSync,
    Flush,
    FlushQueued,
    IsPending,
    IsBusy,
    Remaining,
    Disable,
    DisableSync,
    Enable,
    Stop,
    MakeHandle,
    DropGuard,
    DropThing,
    Once(Once, Wait),
    Shutdown,
    FlushQueue,
    DropQueue,
    Scope(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// `Ok(Some)` of `mod_delayed`, or `Ok(true)`.
    Modified,
    Refused(Error),
    Yes,
    No,
    /// How many milliseconds are left, if it is delayed.
    Left(Option<i64>),
    Wrong(&'static str),
}

impl From<bool> for Outcome {
    fn from(yes: bool) -> Self {
        if yes {
            Self::Yes
        } else {
            Self::No
        }
    }
}

pub(crate) struct Report {
    pub(crate) outcome: Outcome,
    pub(crate) guard: Option<Guard>,
}

impl From<Outcome> for Report {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            guard: None,
        }
    }
}

pub(crate) struct Call {
    pub(crate) action: Action,
    pub(crate) thing: Option<Thing>,
    pub(crate) queue: Option<QueueRef>,
    pub(crate) guard: Option<Guard>,
    pub(crate) payload: Option<Payload>,
    pub(crate) more: KVec<Payload>,
    pub(crate) flags: Flags,
    /// Whether what is made by this is executed in a softirq.
    pub(crate) softirq: bool,
}

impl Call {
    pub(crate) fn new(action: Action) -> Self {
        Self {
            action,
            thing: None,
            queue: None,
            guard: None,
            payload: None,
            more: KVec::new(),
            flags: GFP_KERNEL,
            softirq: false,
        }
    }

    pub(crate) fn thing(mut self, thing: Thing) -> Self {
        self.thing = Some(thing);
        self
    }

    pub(crate) fn queue(mut self, queue: QueueRef) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Makes the call. Has given up all pointers but what is in the report when it returns.
    pub(crate) fn perform(self) -> Report {
        let Self {
            action,
            thing,
            queue,
            guard,
            payload,
            more,
            flags,
            softirq,
        } = self;

        match (action, thing, queue) {
            (Action::Once(once, wait), _, Some(queue)) => {
                spawn(once, wait, queue, payload, flags, softirq).into()
            }
            (Action::Scope(_), _, Some(QueueRef::Owned(queue))) => {
                scope(&queue, more).into()
            }
            (Action::Shutdown, _, Some(QueueRef::Owned(queue))) => {
                queue.shutdown();
                Outcome::Done.into()
            }
            (Action::FlushQueue, _, Some(QueueRef::Owned(queue))) => {
                queue.flush();
                Outcome::Done.into()
            }
            (Action::DropQueue, _, queue) => {
                drop(queue);
                Outcome::Done.into()
            }
            (Action::DropThing, thing, _) => {
                drop(thing);
                Outcome::Done.into()
            }
            (Action::DropGuard, _, _) => {
                drop(guard);
                Outcome::Done.into()
            }
            (Action::Enable, thing, _) => enable(thing, guard).into(),
            (action, Some(thing), queue) => thing.act(action, queue.as_deref()),
            _ => Outcome::Wrong("the tester has made no sense").into(),
        }
    }
}

fn enable(thing: Option<Thing>, guard: Option<Guard>) -> Outcome {
    let same = match (guard, thing) {
        (None, Some(Thing::Scoped(owner))) => return owner.delayed.enable().into(),
        (Some(Guard::Plain(guard)), Some(Thing::Plain(item))) => {
            Arc::ptr_eq(&guard.enable(), &item)
        }
        (Some(Guard::Delayed(guard)), Some(Thing::Delayed(item))) => {
            Arc::ptr_eq(&guard.enable(), &item)
        }
        (Some(Guard::CountedPlain(guard)), Some(Thing::CountedPlain(item))) => {
            core::ptr::eq(&*guard.enable(), &*item)
        }
        (Some(Guard::CountedDelayed(guard)), Some(Thing::CountedDelayed(item))) => {
            core::ptr::eq(&*guard.enable(), &*item)
        }
        (Some(Guard::Fixed(guard)), Some(Thing::Fixed(item))) => {
            core::ptr::eq(guard.enable(), item)
        }
        // Dropping it does the same.
        _ => true,
    };
    if same {
        Outcome::Done
    } else {
        Outcome::Wrong("enable() has returned another item")
    }
}

/// What enqueueing an item has returned.
fn handed_in<P: Deref<Target = T>, T>(result: Result<(), EnqueueError<P>>, item: &T) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(refused) if core::ptr::eq(&*refused.item, item) => Outcome::Refused(refused.error),
        Err(_) => Outcome::Wrong("the error has another item"),
    }
}

fn modified<P: Deref<Target = T>, T>(
    result: Result<Option<P>, EnqueueError<P>>,
    item: &T,
) -> Outcome {
    match result {
        Ok(None) => Outcome::Done,
        Ok(Some(surplus)) if core::ptr::eq(&*surplus, item) => Outcome::Modified,
        Ok(Some(_)) => Outcome::Wrong("mod_delayed() has returned another item"),
        Err(refused) => handed_in(Err(refused), item),
    }
}

fn taken_back<P: Deref<Target = T>, T>(returned: Option<P>, item: &T) -> Outcome {
    match returned {
        Some(returned) if !core::ptr::eq(&*returned, item) => {
            Outcome::Wrong("another item was returned")
        }
        returned => returned.is_some().into(),
    }
}

/// What works of all kinds but the embedded ones have.
macro_rules! act_on_shared {
    ($action:ident, $queue:ident, $item:ident, $work:ident, $id:literal, $guard:path) => {
        match ($action, $queue) {
            (Action::Enqueue, Some(queue)) => {
                return handed_in(queue.enqueue::<_, $id>($item.clone()), &*$item).into();
            }
            (Action::EnqueueOn(cpu), Some(queue)) => {
                return match CpuId::from_u32(cpu) {
                    Some(cpu) => {
                        handed_in(queue.enqueue_on::<_, $id>(cpu, $item.clone()), &*$item).into()
                    }
                    None => Outcome::Wrong("no such CPU").into(),
                };
            }
            (Action::Cancel, _) => return taken_back($item.$work.cancel(), &*$item).into(),
            (Action::CancelSync, _) => {
                return taken_back($item.$work.cancel_sync(), &*$item).into();
            }
            (Action::Flush, _) => return Outcome::from($item.$work.flush()).into(),
            (Action::IsPending, _) => return Outcome::from($item.$work.is_pending()).into(),
            (Action::IsBusy, _) => return Outcome::from($item.$work.is_busy()).into(),
            (Action::Stop, _) => return taken_back($item.$work.stop(), &*$item).into(),
            (Action::Disable, _) => {
                let disabled = Disabled::<_, $id>::new($item.clone());
                return Report {
                    outcome: disabled.was_pending().into(),
                    guard: Some($guard(disabled)),
                };
            }
            (Action::DisableSync, _) => {
                let disabled = Disabled::<_, $id>::new_sync($item.clone());
                return Report {
                    outcome: disabled.was_pending().into(),
                    guard: Some($guard(disabled)),
                };
            }
            _ => (),
        }
    };
}

macro_rules! act_on_delayed {
    ($action:ident, $queue:ident, $item:ident, $id:literal) => {
        match ($action, $queue) {
            (Action::EnqueueDelayed(wait), Some(queue)) => {
                let result = queue.enqueue_delayed::<_, $id>($item.clone(), wait.delta());
                return handed_in(result, &*$item).into();
            }
            (Action::ModDelayed(wait), Some(queue)) => {
                let result = queue.mod_delayed::<_, $id>($item.clone(), wait.delta());
                return modified(result, &*$item).into();
            }
            (Action::FlushQueued, _) => return Outcome::from($item.delayed.flush_queued()).into(),
            (Action::Remaining, _) => {
                let left = $item.delayed.remaining();
                return Outcome::Left(left.map(|left| left.as_jiffies() as i64)).into();
            }
            _ => (),
        }
    };
}

impl Thing {
    fn act(&self, action: Action, queue: Option<&Queue>) -> Report {
        match self {
            Self::Plain(item) => {
                act_on_shared!(action, queue, item, plain, 1, Guard::Plain);
                if action == Action::MakeHandle {
                    return handle(Guard::HandlePlain(WorkHandle::new(item.clone())));
                }
            }
            Self::Delayed(item) => {
                act_on_shared!(action, queue, item, delayed, 2, Guard::Delayed);
                act_on_delayed!(action, queue, item, 2);
                if action == Action::MakeHandle {
                    return handle(Guard::HandleDelayed(WorkHandle::new(item.clone())));
                }
            }
            Self::CountedPlain(item) => {
                act_on_shared!(action, queue, item, plain, 1, Guard::CountedPlain);
                if action == Action::MakeHandle {
                    return handle(Guard::HandleCountedPlain(WorkHandle::new(item.clone())));
                }
            }
            Self::CountedDelayed(item) => {
                act_on_shared!(action, queue, item, delayed, 2, Guard::CountedDelayed);
                act_on_delayed!(action, queue, item, 2);
                if action == Action::MakeHandle {
                    return handle(Guard::HandleCountedDelayed(WorkHandle::new(item.clone())));
                }
            }
            Self::Fixed(item) => {
                act_on_shared!(action, queue, item, plain, 0, Guard::Fixed);
            }
            Self::Scoped(owner) => return act_on_scoped(owner, action),
        }
        Outcome::Wrong("the tester has called what the item does not have").into()
    }

    pub(crate) fn is_pending(&self) -> bool {
        match self {
            Self::Plain(item) => item.plain.is_pending(),
            Self::Delayed(item) => item.delayed.is_pending(),
            Self::CountedPlain(item) => item.plain.is_pending(),
            Self::CountedDelayed(item) => item.delayed.is_pending(),
            Self::Fixed(item) => item.plain.is_pending(),
            Self::Scoped(owner) => owner.delayed.is_pending(),
        }
    }
}

fn handle(guard: Guard) -> Report {
    Report {
        outcome: Outcome::Done,
        guard: Some(guard),
    }
}

fn act_on_scoped(owner: &Owner, action: Action) -> Report {
    let work = &owner.delayed;
    let enqueued = |result: Result| match result {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::Refused(error),
    };

    match action {
        Action::Enqueue | Action::EnqueueOn(_) => enqueued(work.enqueue()),
        Action::EnqueueDelayed(wait) => enqueued(work.enqueue_delayed(wait.delta())),
        Action::ModDelayed(wait) => match work.mod_delayed(wait.delta()) {
            Ok(true) => Outcome::Modified,
            result => enqueued(result.map(|_| ())),
        },
        Action::Cancel => work.cancel().into(),
        Action::CancelSync => work.cancel_sync().into(),
        Action::Flush | Action::FlushQueued => {
            work.flush();
            Outcome::Done
        }
        Action::IsPending => work.is_pending().into(),
        Action::IsBusy => work.is_busy().into(),
        Action::Disable => work.disable().into(),
        Action::DisableSync => work.disable_sync().into(),
        Action::Stop => {
            work.stop();
            Outcome::Done
        }
        _ => Outcome::Wrong("the tester has called what an embedded item does not have"),
    }
    .into()
}

/// A closure comes back with what it owns, which is dropped here.
fn spawned<F>(result: Result<(), EnqueueError<F>>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(refused) => Outcome::Refused(refused.error),
    }
}

fn spawn(
    once: Once,
    wait: Wait,
    queue: QueueRef,
    payload: Option<Payload>,
    flags: Flags,
    softirq: bool,
) -> Outcome {
    let Some(payload) = payload else {
        return Outcome::Wrong("the tester has no payload");
    };
    let closure =
        move |payload: Payload| move || execute(payload.board.clone(), payload.token, payload);

    match once {
        Once::Closure => spawned(queue.try_spawn(flags, closure(payload))),
        Once::ClosureInModule => {
            spawned(queue.try_spawn_in_module::<crate::LocalModule, _>(flags, closure(payload)))
        }
        Once::ClosureDelayed => {
            spawned(queue.try_spawn_delayed(flags, wait.delta(), closure(payload)))
        }
        Once::Boxed => match Boxed::new(payload, softirq) {
            Ok(item) => spawned(queue.enqueue(item)),
            Err(error) => Outcome::Refused(error),
        },
        Once::BoxedDelayed => match BoxedDelayed::new(payload, softirq) {
            Ok(item) => spawned(queue.enqueue_delayed(item, wait.delta())),
            Err(error) => Outcome::Refused(error),
        },
        Once::DeferredDrop => {
            let value = Valuable(Some(payload));
            match DeferredDrop::new(value, &queue, flags) {
                Ok(deferred) => {
                    drop(deferred);
                    Outcome::Done
                }
                Err(mut refused) => {
                    // Its destructor would wait at the gate.
                    drop(refused.item.0.take());
                    Outcome::Refused(refused.error)
                }
            }
        }
    }
}

/// Closures that borrow.
fn scope(queue: &OwnedQueue, payloads: KVec<Payload>) -> Outcome {
    let borrowed = kernel::sync::atomic::Atomic::new(0u32);
    let mut refused = 0;
    let mut error = None;

    let result = queue.scope(|scope| {
        for payload in payloads {
            let borrowed = &borrowed;
            let closure = move || {
                execute(payload.board.clone(), payload.token, payload);
                borrowed.add(1, kernel::sync::atomic::Relaxed);
            };
            if let Err(e) = scope.try_spawn(GFP_KERNEL, closure) {
                refused += 1;
                error = Some(e.error);
            }
        }
        Ok(refused)
    });
    match (result, error) {
        (Ok(0), None) => Outcome::Done,
        (Ok(_), Some(error)) => Outcome::Refused(error),
        _ => Outcome::Wrong("scope() has not returned what its closure has"),
    }
}
