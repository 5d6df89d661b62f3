// SPDX-License-Identifier: GPL-2.0

//! What the programs in fail/ do wrong, done right.

use kernel::cpu::CpuId;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::task::Task;
use kernel::task_work::{
    self, impl_has_task_work, AddError, NotifyMode, TaskWork, TaskWorkItem,
};
use kernel::workqueue::{
    self, impl_has_delayed_work, new_delayed_work, Builder, DelayedWork, OwnedQueue, Queue, WorkHandle,
    WorkItem,
};

#[pin_data]
pub struct Item {
    value: u32,
    #[pin]
    work: DelayedWork<Item>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Item { self.work }
}

impl Item {
    pub fn new(value: u32) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                value,
                work <- new_delayed_work!("Item::work"),
            }),
            GFP_KERNEL,
        )
    }
}

impl WorkItem for Item {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let _ = this.value;
    }
}

/// Every knob of every kind.
pub fn build(max: u32) -> Result<[OwnedQueue; 5]> {
    Ok([
        Builder::percpu()
            .max_active::<1>()
            .highpri()
            .cpu_intensive()
            .freezable()
            .mem_reclaim()
            .sysfs()
            .build(c"percpu")?,
        Builder::unbound()
            .max_active::<2048>()
            .highpri()
            .freezable()
            .mem_reclaim()
            .sysfs()
            .build(c"unbound")?,
        Builder::power_efficient()
            .try_max_active(max)?
            .highpri()
            .cpu_intensive()
            .freezable()
            .mem_reclaim()
            .sysfs()
            .build_fmt(fmt!("power/{max}"))?,
        Builder::ordered()
            .highpri()
            .freezable()
            .mem_reclaim()
            .sysfs()
            .build(c"ordered")?,
        Builder::bh().highpri().build(c"bh")?,
    ])
}

/// Enqueues in all ways that an owned queue has, and waits.
pub fn wait(mut queue: OwnedQueue, item: Arc<Item>, value: u32) -> Result {
    let borrowed: &Queue = &queue;
    let _ = borrowed.enqueue(item.clone());
    borrowed.try_spawn(GFP_KERNEL, move || drop(value))?;
    queue.flush()?;
    queue.drain()?;

    let shared = Arc::new(queue, GFP_KERNEL)?;
    let other = shared.clone();
    workqueue::system_dfl().try_spawn(GFP_KERNEL, move || {
        let _ = other.try_spawn(GFP_KERNEL, || ());
    })?;
    let _ = shared.enqueue(item);
    Ok(())
}

/// Delayed work on a queue that lives forever.
pub fn delayed(queue: &'static Queue, item: Arc<Item>) -> Result {
    let _ = queue.enqueue_delayed(item.clone(), 10);
    let _ = queue.mod_delayed(item.clone(), 10);
    queue.try_spawn_delayed(GFP_KERNEL, 10, || ())?;
    let _ = workqueue::system_percpu().enqueue_delayed(item, 10);
    Ok(())
}

/// Delayed work on a queue that is shared.
pub fn delayed_on_owned(queue: Arc<OwnedQueue>, item: Arc<Item>) -> Result {
    let _ = queue.enqueue_delayed(item.clone(), 10);
    let _ = queue.mod_delayed(item.clone(), 10);
    queue.try_spawn_delayed(GFP_KERNEL, 10, move || drop(item))?;
    Ok(())
}

/// An item that is stopped when its owner is gone.
pub struct Owner {
    pub item: WorkHandle<Arc<Item>>,
}

impl Owner {
    pub fn new(item: Arc<Item>, cpu: CpuId) -> Self {
        let item = WorkHandle::new(item);
        let _ = workqueue::system_percpu().enqueue_on(cpu, item.clone());
        Self { item }
    }
}

/// Closures that borrow, from outside the function, too.
pub fn borrow(queue: &OwnedQueue, numbers: &mut [u32]) -> Result<usize> {
    queue.scope(|scope| {
        for number in numbers.iter_mut() {
            scope.try_spawn(GFP_KERNEL, move || *number += 1)?;
        }
        Ok(())
    })?;
    let (first, second) = queue.join(|| numbers.len(), || numbers.first())?;
    Ok(first + second.map_or(0, |second| *second as usize))
}

/// Stop an item, in all ways.
pub fn stop(item: &Arc<Item>) -> bool {
    let _ = item.work.cancel();
    let _ = item.work.cancel_sync();
    let (guard, queued) = item.work.disable();
    drop(queued);
    let (inner, _) = item.work.disable_sync();
    drop(inner);
    drop(guard);
    item.work.flush() || item.work.is_pending() || item.work.is_busy()
}

#[pin_data]
pub struct Report {
    pub text: KVec<u8>,
    #[pin]
    work: TaskWork<Report>,
}

impl_has_task_work! {
    impl HasTaskWork<Self> for Report { self.work }
}

impl TaskWorkItem for Report {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let _ = this.text.len();
    }
}

/// Give a task something to do, in all ways.
pub fn notify(task: &Task, report: &Arc<Report>, text: KVec<u8>) -> Result<(), KVec<u8>> {
    for mode in [
        NotifyMode::None,
        NotifyMode::Resume,
        NotifyMode::Signal,
        NotifyMode::SignalNoIpi,
    ] {
        if let Err(AddError { work, .. }) = task_work::add(task, report.clone(), mode) {
            drop(work);
        }
        let _ = report.work.is_pending() && report.work.cancel(task).is_some();
    }
    task_work::try_spawn(current!(), NotifyMode::Resume, GFP_KERNEL, move || drop(text))
        .map_err(|_| KVec::new())
}
