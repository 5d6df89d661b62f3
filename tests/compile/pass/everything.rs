// SPDX-License-Identifier: GPL-2.0

//! What the programs in fail/ do wrong, done right.

use kernel::cpu::CpuId;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::Arc;
use kernel::task::Task;
use kernel::task_work::{
    self, impl_has_task_work, AddError, NotifyMode, TaskWork, TaskWorkItem,
};
use kernel::time::Delta;
use kernel::workqueue::{
    self, impl_has_delayed_work, new_delayed_work, new_scoped_work, work_class, DeferredDrop, DelayedWork, Disabled,
    EnqueueError, InstalledQueue, ModuleQueue, OwnedQueue, Queue, ScopedWork, ScopedWorkItem, WorkClass, WorkHandle,
    WorkItem,
};

pub struct Everything;

impl kernel::Module for Everything {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}

module! {
    type: Everything,
    name: "everything",
    authors: ["Rust for Linux Contributors"],
    description: "All that must compile",
    license: "GPL",
}

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
        Queue::new_percpu()
            .max_active(1)
            .highpri()
            .cpu_intensive()
            .freezable()
            .mem_reclaim()
            .sysfs()
            .build(c"percpu")?,
        Queue::new_unbound()
            .max_active(2048)
            .highpri()
            .freezable()
            .mem_reclaim()
            .sysfs()
            .build(c"unbound")?,
        Queue::new_power_efficient()
            .max_active(max)
            .highpri()
            .cpu_intensive()
            .freezable()
            .mem_reclaim()
            .sysfs()
            .build_fmt(fmt!("power/{max}"))?,
        Queue::new_ordered()
            .highpri()
            .freezable()
            .mem_reclaim()
            .sysfs()
            .build(c"ordered")?,
        Queue::new_bh().highpri().build(c"bh")?,
    ])
}

/// Enqueues in all ways, on a queue of any sort.
pub fn enqueue(queue: &Queue, item: Arc<Item>, value: u32) -> Result {
    queue.enqueue(item.clone())?;
    queue.enqueue_delayed(item.clone(), Delta::from_millis(10))?;
    queue.mod_delayed(item.clone(), Delta::from_jiffies(10))?;
    queue.try_spawn(GFP_KERNEL, move || drop(value))?;
    queue.try_spawn_delayed(GFP_KERNEL, Delta::from_secs(1), move || drop(value))?;
    if let Err(EnqueueError { item, .. }) = queue.enqueue(item) {
        drop(item);
    }
    Ok(())
}

/// Calls it with each sort of queue.
pub fn queues(owned: OwnedQueue, item: Arc<Item>) -> Result {
    enqueue(&owned, item.clone(), 1)?;
    enqueue(workqueue::system_dfl(), item.clone(), 2)?;

    let reference: ARef<Queue> = (&owned).into();
    enqueue(&reference, item.clone(), 3)?;
    let own = reference.clone();
    reference.try_spawn(GFP_KERNEL, move || drop(own.enqueue(item)))?;

    owned.flush();
    owned.shutdown();
    Ok(())
}

/// A queue that is shared.
pub fn shared(queue: OwnedQueue) -> Result {
    let shared = Arc::new(queue, GFP_KERNEL)?;
    let other = shared.clone();
    workqueue::system_dfl().try_spawn(GFP_KERNEL, move || {
        let _ = other.try_spawn(GFP_KERNEL, || ());
    })?;
    Ok(())
}

/// An item that is stopped when its owner is gone.
pub struct Owner {
    pub item: WorkHandle<Arc<Item>>,
}

impl Owner {
    pub fn new(item: Arc<Item>, cpu: CpuId) -> Self {
        let item = WorkHandle::new(item);
        let _ = workqueue::system_percpu().enqueue_on(cpu, item.pointer());
        Self { item }
    }
}

/// Closures that borrow, from outside the function, too.
pub fn borrow(queue: &OwnedQueue, numbers: &mut [u32]) -> Result {
    queue.scope(|scope| {
        for number in numbers.iter_mut() {
            scope.try_spawn(GFP_KERNEL, move || *number += 1)?;
        }
        Ok(())
    })
}

/// Stop an item, in all ways.
pub fn stop(item: &Arc<Item>) -> bool {
    let _ = item.work.cancel();
    let _ = item.work.cancel_sync();
    let disabled = Disabled::new(item.clone());
    let again = disabled.was_pending();
    drop(Disabled::new_sync(disabled.enable()));
    let _ = item.work.remaining();
    let _ = item.work.stop();
    again || item.work.flush() || item.work.flush_queued() || item.work.is_pending() || item.work.is_busy()
}

pub struct Tick(u32);

impl ScopedWorkItem for Tick {
    fn run(this: &ScopedWork<Self>) {
        if this.0 == 0 {
            this.stop();
        }
    }
}

/// What makes items for several uses has a class of each use.
pub fn tick(queue: &Queue, value: u32, class: WorkClass) -> Result<Pin<KBox<ScopedWork<Tick>>>> {
    KBox::pin_init(ScopedWork::new(queue, Tick(value), class), GFP_KERNEL)
}

/// Calls all methods of an item that is part of its owner.
pub fn scoped(queue: &Queue) -> Result<bool> {
    let item = tick(queue, 1, work_class!("tick"))?;
    item.enqueue()?;
    item.enqueue_delayed(Delta::from_millis(10))?;
    let _ = item.mod_delayed(Delta::from_millis(10))?;
    item.flush();
    let pending = item.cancel() || item.cancel_sync() || item.disable() || item.disable_sync();
    let enabled = item.enable();
    item.queue().try_spawn(GFP_KERNEL, || ())?;
    let shared = Arc::pin_init(new_scoped_work!(queue, Tick(2), "shared"), GFP_KERNEL)?;
    let other = shared.clone();
    queue.try_spawn(GFP_KERNEL, move || drop(other.enqueue()))?;
    Ok(pending || enabled || item.is_pending() || item.is_busy() || shared.0 == item.0)
}

static PLACE: ModuleQueue = ModuleQueue::new();

/// A queue that lives as long as its owner, and is found by way of a static.
pub fn installed(queue: OwnedQueue) -> Result<InstalledQueue> {
    let installed = PLACE.install(queue)?;
    let reference: ARef<Queue> = PLACE.get()?;
    reference.try_spawn_in_module::<LocalModule, _>(GFP_KERNEL, || ())?;
    installed.flush();
    Ok(installed)
}

/// A value that is dropped by a worker.
pub fn deferred(queue: &Queue, text: KVec<u8>) -> Result<usize> {
    match DeferredDrop::new(text, queue, GFP_NOWAIT) {
        Ok(deferred) => Ok(deferred.len()),
        Err(EnqueueError { error, item: text }) if text.is_empty() => Err(error),
        Err(refused) => Err(refused.into()),
    }
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

#[vtable]
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
        if let Err(AddError { item: work, .. }) = task_work::add(task, report.clone(), mode) {
            drop(work);
        }
        let _ = report.work.is_pending() && report.work.cancel(task).is_some();
    }
    task_work::try_spawn::<LocalModule, _>(current!(), NotifyMode::Resume, GFP_KERNEL, move || drop(text))
        .map_err(|_| KVec::new())
}
