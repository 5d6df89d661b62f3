// SPDX-License-Identifier: GPL-2.0

//! Fields of fields, constants as IDs and bounds in the macros that name the field of an item, and impls
//! that are written by hand.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::task::Task;
use kernel::task_work::{self, impl_has_task_work, NotifyMode, TaskWork, TaskWorkItem};
use kernel::time::Delta;
use kernel::workqueue::{
    impl_has_delayed_work, impl_has_work, new_delayed_work, new_work, DelayedWork, HasDelayedWork, HasWork, Queue,
    Work, WorkHandle, WorkItem,
};

include!("module.rs");

mod consts {
    pub(crate) const POLL: u64 = 2;
    pub(crate) const EXIT: u64 = 3;
}

#[pin_data]
pub struct Reset {
    count: u32,
    #[pin]
    work: Work<Device, { Device::RESET }>,
}

#[pin_data]
pub struct Poll {
    #[pin]
    work: DelayedWork<Device, { consts::POLL }>,
}

#[pin_data]
pub struct Jobs {
    #[pin]
    poll: Poll,
    #[pin]
    exit: TaskWork<Device, { consts::EXIT }>,
}

#[pin_data]
pub struct Device {
    #[pin]
    reset: Reset,
    #[pin]
    jobs: Jobs,
}

impl Device {
    const RESET: u64 = 1;
}

impl_has_work! {
    impl HasWork<Self, { Self::RESET }> for Device { self.reset.work }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, { consts::POLL }> for Device { self.jobs.poll.work }
}

impl_has_task_work! {
    impl HasTaskWork<Self, { consts::EXIT }> for Device { self.jobs.exit }
}

impl WorkItem<{ Device::RESET }> for Device {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let _ = this.reset.count;
    }
}

impl WorkItem<{ consts::POLL }> for Device {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

#[vtable]
impl TaskWorkItem<{ consts::EXIT }> for Device {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

pub fn device(queue: &Queue, task: &Task) -> Result<WorkHandle<Arc<Device>, { consts::POLL }>> {
    let device = Arc::pin_init(
        pin_init!(Device {
            reset <- pin_init!(Reset { count: 0, work <- new_work!("Device::reset") }),
            jobs <- pin_init!(Jobs {
                poll <- pin_init!(Poll { work <- new_delayed_work!("Device::poll") }),
                exit <- TaskWork::new(),
            }),
        }),
        GFP_KERNEL,
    )?;
    queue.enqueue::<_, { Device::RESET }>(device.clone())?;
    queue.enqueue_delayed::<_, { consts::POLL }>(device.clone(), Delta::from_millis(1))?;
    task_work::add::<_, { consts::EXIT }>(task, device.clone(), NotifyMode::Resume)?;
    Ok(WorkHandle::new(device))
}

/// What is in a generic item is bounded for its work.
pub trait Hardware {
    type Registers;
}

#[pin_data]
pub struct Generic<H: Hardware> {
    registers: H::Registers,
    #[pin]
    work: Work<Generic<H>, 1>,
    #[pin]
    delayed: DelayedWork<Generic<H>, 2>,
    #[pin]
    task_work: TaskWork<Generic<H>>,
}

impl_has_work! {
    impl{H: Hardware<Registers: Send + Sync>} HasWork<Self, 1> for Generic<H> { self.work }
}

impl_has_delayed_work! {
    impl{H: Hardware<Registers: Send + Sync> + 'static} HasDelayedWork<Self, 2> for Generic<H> { self.delayed }
}

impl_has_task_work! {
    impl{H: Hardware<Registers: Send + Sync>} HasTaskWork<Self> for Generic<H> { self.task_work }
}

/// An ID may be a parameter, and an expression in braces.
#[pin_data]
pub struct Numbered<const ID: u64> {
    #[pin]
    work: Work<Numbered<ID>, ID>,
    #[pin]
    last: Work<Numbered<1>, { u64::MAX - 1 }>,
}

impl_has_work! {
    impl{const ID: u64} HasWork<Self, ID> for Numbered<ID> { self.work }
    impl HasWork<Self, { u64::MAX - 1 }> for Numbered<1> { self.last }
}

/// Impls by hand. The constant of `HasWork` has a default for plain work.
#[pin_data]
pub struct ByHand {
    #[pin]
    plain: Work<ByHand, 1>,
    #[pin]
    delayed: DelayedWork<ByHand, 2>,
}

// SAFETY: The functions are inverses, and the field is a plain work.
unsafe impl HasWork<ByHand, 1> for ByHand {
    unsafe fn raw_get_work(ptr: *mut Self) -> *mut Work<Self, 1> {
        // SAFETY: The caller promises that the pointer is valid.
        unsafe { &raw mut (*ptr).plain }
    }

    unsafe fn work_container_of(ptr: *mut Work<Self, 1>) -> *mut Self {
        // SAFETY: The caller promises that it points at the field.
        unsafe { kernel::container_of!(ptr, Self, plain) }
    }
}

// SAFETY: The functions are inverses, and the constant says that the field is a delayed work.
unsafe impl HasWork<ByHand, 2> for ByHand {
    const IS_DELAYED: bool = true;

    unsafe fn raw_get_work(ptr: *mut Self) -> *mut Work<Self, 2> {
        // SAFETY: The caller promises that the pointer is valid.
        unsafe { DelayedWork::raw_as_work(&raw const (*ptr).delayed) }
    }

    unsafe fn work_container_of(ptr: *mut Work<Self, 2>) -> *mut Self {
        // SAFETY: The caller promises that it points at the field.
        unsafe { kernel::container_of!(ptr.cast::<DelayedWork<Self, 2>>(), Self, delayed) }
    }
}

// SAFETY: The field is a delayed work.
unsafe impl HasDelayedWork<ByHand, 2> for ByHand {}

impl WorkItem<1> for ByHand {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

impl WorkItem<2> for ByHand {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

pub fn by_hand(queue: &Queue, item: Arc<ByHand>) -> Result {
    queue.enqueue::<_, 1>(item.clone())?;
    queue.enqueue_delayed::<_, 2>(item.clone(), kernel::time::Delta::from_millis(10))?;
    queue.mod_delayed::<_, 2>(item.clone(), kernel::time::Delta::from_millis(10))?;
    drop(WorkHandle::<_, 2>::new(item));
    Ok(())
}
