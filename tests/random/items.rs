// SPDX-License-Identifier: GPL-2.0

//! The work items of the programs: behind each kind of pointer, plain and delayed.
//!
//! Each of them waits at its gate when it is executed, and drops its pointer before it says that it
//! has been executed.

use crate::board::{
    Board,
    Payload,
    Token, //
};
use core::ptr::NonNull;
use kernel::{
    prelude::*,
    sync::{
        aref::{
            ARef,
            AlwaysRefCounted, //
        },
        Arc,
        LockClassKey,
        Refcount, //
    },
    workqueue::{
        declare_work,
        impl_has_delayed_work,
        impl_has_work,
        work_class,
        DelayedWork,
        Queue,
        ScopedWork,
        ScopedWorkItem,
        Work,
        WorkItem, //
    },
};

kernel::sync::global_lock! {
    // SAFETY: Initialized by the module before there is anything else.
    pub(crate) unsafe(uninit) static BOARD: Mutex<Option<Arc<Board>>> = None;
}

/// A name and a lock class. Lockdep does not want items of one class in softirqs and elsewhere.
macro_rules! class {
    ($softirq:expr, $name:literal) => {
        if $softirq {
            (
                kernel::c_str!(concat!($name, " (softirq)")),
                kernel::static_lock_class!(),
            )
        } else {
            (kernel::c_str!($name), kernel::static_lock_class!())
        }
    };
}

/// Makes a work of a class.
fn plain<T, const ID: u64>(
    (name, key): (&'static CStr, Pin<&'static LockClassKey>),
) -> impl PinInit<Work<T, ID>>
where
    T: WorkItem<ID>,
{
    Work::new(name, key)
}

fn delayed<T, const ID: u64>(
    (name, key): (&'static CStr, Pin<&'static LockClassKey>),
) -> impl PinInit<DelayedWork<T, ID>>
where
    T: WorkItem<ID>,
{
    let timer = kernel::static_lock_class!();
    DelayedWork::new(name, key, c"random timer", timer)
}

/// Waits at the gate, drops a pointer, and says so.
pub(crate) fn execute<P>(board: Arc<Board>, token: Token, pointer: P) {
    let seat = board.enter(token);
    board.wait_at_gate(seat);
    drop(pointer);
    board.leave(seat);
}

/// Two works in one item, behind an [`Arc`].
#[pin_data]
pub(crate) struct Shared {
    payload: Payload,
    #[pin]
    pub(crate) plain: Work<Shared, 1>,
    #[pin]
    pub(crate) delayed: DelayedWork<Shared, 2>,
}

impl_has_work! {
    impl HasWork<Self, 1> for Shared { self.plain }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, 2> for Shared { self.delayed }
}

impl Shared {
    pub(crate) fn new(payload: Payload, softirq: bool) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                payload,
                plain <- plain(class!(softirq, "Shared::plain")),
                delayed <- delayed(class!(softirq, "Shared::delayed")),
            }),
            GFP_KERNEL,
        )
    }
}

impl WorkItem<1> for Shared {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        execute(this.payload.board.clone(), this.payload.token, this);
    }
}

impl WorkItem<2> for Shared {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        execute(this.payload.board.clone(), this.payload.token.plus(1), this);
    }
}

/// Two works in one item that has its own reference count.
#[pin_data]
pub(crate) struct Counted {
    references: Refcount,
    payload: Payload,
    #[pin]
    pub(crate) plain: Work<Counted, 1>,
    #[pin]
    pub(crate) delayed: DelayedWork<Counted, 2>,
}

impl_has_work! {
    impl HasWork<Self, 1> for Counted { self.plain }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, 2> for Counted { self.delayed }
}

// SAFETY: The item is in a box until its count is zero.
unsafe impl AlwaysRefCounted for Counted {
    fn inc_ref(&self) {
        self.references.inc();
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: The caller has a reference, so the item is valid.
        if unsafe { obj.as_ref() }.references.dec_and_test() {
            // SAFETY: It was the last one, and the item is in a box.
            drop(unsafe { Pin::new_unchecked(KBox::from_raw(obj.as_ptr())) });
        }
    }
}

impl Counted {
    pub(crate) fn new(payload: Payload, softirq: bool) -> Result<ARef<Self>> {
        let item = KBox::pin_init(
            pin_init!(Self {
                references: Refcount::new(1),
                payload,
                plain <- plain(class!(softirq, "Counted::plain")),
                delayed <- delayed(class!(softirq, "Counted::delayed")),
            }),
            GFP_KERNEL,
        )?;
        // SAFETY: It is not moved before it is dropped, by `dec_ref`.
        let raw = KBox::into_raw(unsafe { Pin::into_inner_unchecked(item) });
        // SAFETY: A box is not null, and the count starts with the reference that this returns.
        Ok(unsafe { ARef::from_raw(NonNull::new_unchecked(raw)) })
    }
}

impl WorkItem<1> for Counted {
    type Pointer = ARef<Self>;

    fn run(this: ARef<Self>) {
        execute(this.payload.board.clone(), this.payload.token, this);
    }
}

impl WorkItem<2> for Counted {
    type Pointer = ARef<Self>;

    fn run(this: ARef<Self>) {
        execute(this.payload.board.clone(), this.payload.token.plus(1), this);
    }
}

/// An item that exists once.
pub(crate) struct Fixed {
    token: Token,
    pub(crate) plain: Work<Fixed>,
}

impl_has_work! {
    impl HasWork<Self> for Fixed { self.plain }
}

impl WorkItem for Fixed {
    type Pointer = &'static Self;

    fn run(this: &'static Self) {
        let board = BOARD.lock().clone();
        if let Some(board) = board {
            execute(board, this.token, this);
        }
    }
}

/// The numbers of the works of the static items.
pub(crate) const FIXED_WORK: u8 = 12;

declare_work! {
    static FIXED_0: Fixed { plain: "FIXED_0", token: Token { work: FIXED_WORK, generation: 0 } };
    static FIXED_1: Fixed { plain: "FIXED_1", token: Token { work: FIXED_WORK + 1, generation: 0 } };
}

pub(crate) fn fixed(number: u8) -> &'static Fixed {
    if number == 0 {
        &FIXED_0
    } else {
        &FIXED_1
    }
}

/// What an embedded item has.
pub(crate) struct Data {
    payload: Payload,
}

impl ScopedWorkItem for Data {
    fn run(this: &ScopedWork<Self>) {
        let board = this.payload.board.clone();
        execute(board, this.payload.token, ());
    }
}

/// The owner of an embedded item.
#[pin_data]
pub(crate) struct Owner {
    before: u64,
    #[pin]
    pub(crate) delayed: ScopedWork<Data>,
}

impl Owner {
    pub(crate) fn new(queue: &Queue, payload: Payload, softirq: bool) -> Result<Arc<Self>> {
        let data = Data { payload };
        let class = if softirq {
            work_class!("Owner::delayed (softirq)")
        } else {
            work_class!("Owner::delayed")
        };

        Arc::pin_init(
            try_pin_init!(Self {
                before: 0,
                delayed <- ScopedWork::new(queue, data, class),
            }),
            GFP_KERNEL,
        )
    }
}

/// An item in a box, which is enqueued once.
#[pin_data]
pub(crate) struct Boxed {
    payload: Payload,
    #[pin]
    work: Work<Boxed>,
}

impl_has_work! {
    impl HasWork<Self> for Boxed { self.work }
}

impl WorkItem for Boxed {
    type Pointer = Pin<KBox<Self>>;

    fn run(this: Pin<KBox<Self>>) {
        execute(this.payload.board.clone(), this.payload.token, this);
    }
}

impl Boxed {
    pub(crate) fn new(payload: Payload, softirq: bool) -> Result<Pin<KBox<Self>>> {
        KBox::pin_init(
            pin_init!(Self { payload, work <- plain(class!(softirq, "Boxed::work")) }),
            GFP_KERNEL,
        )
    }
}

/// The same with a timer.
#[pin_data]
pub(crate) struct BoxedDelayed {
    payload: Payload,
    #[pin]
    work: DelayedWork<BoxedDelayed>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for BoxedDelayed { self.work }
}

impl WorkItem for BoxedDelayed {
    type Pointer = Pin<KBox<Self>>;

    fn run(this: Pin<KBox<Self>>) {
        execute(this.payload.board.clone(), this.payload.token, this);
    }
}

impl BoxedDelayed {
    pub(crate) fn new(payload: Payload, softirq: bool) -> Result<Pin<KBox<Self>>> {
        KBox::pin_init(
            pin_init!(Self { payload, work <- delayed(class!(softirq, "BoxedDelayed::work")) }),
            GFP_KERNEL,
        )
    }
}

/// A value whose destructor waits at the gate.
pub(crate) struct Valuable(pub(crate) Option<Payload>);

impl Drop for Valuable {
    fn drop(&mut self) {
        if let Some(payload) = self.0.take() {
            execute(payload.board.clone(), payload.token, payload);
        }
    }
}
