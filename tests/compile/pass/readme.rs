// SPDX-License-Identifier: GPL-2.0

//! The programs of the README, which run.py looks for in here.

use kernel::device::{Core, Device};
use kernel::io::mem::{DevresIoMem, IoMem};
use kernel::io::Io;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::Arc;
use kernel::task::Task;
use kernel::task_work::{self, impl_has_task_work, NotifyMode, TaskWork, TaskWorkItem};
use kernel::time::delay::fsleep;
use kernel::time::Delta;
use kernel::workqueue::{
    declare_work, impl_has_delayed_work, impl_has_work, new_delayed_work, new_scoped_work, new_work, system_dfl, work_class,
    DeferredDrop, DelayedWork, DeviceWork, DeviceWorkItem, Disabled, InstalledQueue, ModuleQueue, OwnedQueue, Queue,
    ScopedWork, ScopedWorkItem, Work, WorkHandle, WorkItem,
};

pub struct Readme;

impl kernel::Module for Readme {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}

module! {
    type: Readme,
    name: "readme",
    authors: ["Rust for Linux Contributors"],
    description: "The programs of the README",
    license: "GPL",
}

pub fn queue(value: u32) -> Result {
    let queue = Queue::new_unbound().max_active(4).build(c"my-driver")?;

    queue.try_spawn(GFP_KERNEL, move || pr_info!("{value}\n"))?;

    queue.flush(); // waits, and the queue stays
    drop(queue); // waits, too: nothing of it runs afterwards

    Ok(())
}

#[pin_data]
struct Poll {
    rounds: Atomic<u32>,
    #[pin]
    work: Work<Poll>,
}

impl_has_work! {
    impl HasWork<Self> for Poll { self.work }
}

impl WorkItem for Poll {
    type Pointer = Arc<Poll>;

    fn run(this: Arc<Poll>) {
        this.rounds.fetch_add(1, Relaxed);
    }
}

fn item(queue: &Queue) -> Result {
    let poll = Arc::pin_init(
        pin_init!(Poll { rounds: Atomic::new(0), work <- new_work!("Poll::work") }),
        GFP_KERNEL,
    )?;

    if let Err(refused) = queue.enqueue(poll.clone()) {
        pr_info!("{:?}: {} rounds\n", refused.error, refused.item.rounds.load(Relaxed));
    }

    let returned: Option<Arc<Poll>> = poll.work.cancel(); // also cancel_sync(), flush(), stop()

    let disabled = Disabled::new_sync(poll); // owns the pointer: suspend stores it, resume takes it
    let poll = disabled.enable(); // can be enqueued again

    drop((returned, poll));
    Ok(())
}

fn reference(owner: OwnedQueue, poll: Arc<Poll>) {
    let queue: ARef<Queue> = (&owner).into();

    owner.shutdown(); // refuses, drops what is delayed, waits for the rest
    assert_eq!(queue.enqueue(poll).map_err(|refused| refused.error), Err(ESHUTDOWN));
}

struct Driver {
    poll: WorkHandle<Arc<Poll>>,
    queue: OwnedQueue,
}

fn bind(poll: Arc<Poll>, queue: OwnedQueue) -> Driver {
    let driver = Driver { poll: WorkHandle::new(poll), queue };
    let _ = driver.queue.enqueue(driver.poll.pointer());
    driver
}

fn read_sensor() -> u32 {
    20
}

struct Temperature {
    last: Atomic<u32>,
}

impl ScopedWorkItem for Temperature {
    fn run(this: &ScopedWork<Self>) {
        this.last.store(read_sensor(), Relaxed);
        let _ = this.enqueue_delayed(Delta::from_millis(500)); // also mod_delayed(), cancel(), disable()
    }
}

#[pin_data]
struct Thermal {
    #[pin]
    temperature: ScopedWork<Temperature>,
}

fn embedded() -> Result {
    let temperature = Temperature { last: Atomic::new(0) };
    let thermal = KBox::pin_init(
        pin_init!(Thermal { temperature <- new_scoped_work!(system_dfl(), temperature, "Temperature") }),
        GFP_KERNEL,
    )?;
    thermal.temperature.enqueue()?;

    Ok(())
}

struct Reset;

impl DeviceWorkItem for Reset {
    type Resource = DevresIoMem<8>; // or a DevresBar, or another Devres

    fn run(_this: &ScopedWork<DeviceWork<Self>>, registers: &IoMem<'_, 8>) {
        registers.write32(1, 0);
        fsleep(Delta::from_millis(10));
        registers.write32(0, 0);
    }
}

fn bound(dev: &Device<Core<'_>>, queue: OwnedQueue, registers: IoMem<'_, 8>) -> Result {
    let registers: Arc<DevresIoMem<8>> = Arc::new(registers.into_devres()?, GFP_KERNEL)?;

    let reset = DeviceWork::new(dev, registers, &queue, Reset, work_class!("Reset"))?;
    reset.access(dev)?.enqueue()?;

    Ok(())
}

static CLEANUP: ModuleQueue = ModuleQueue::new();

fn of_module(buffer: KVec<u8>) -> Result<InstalledQueue> {
    let installed: InstalledQueue = CLEANUP.install(Queue::new_unbound().build(c"cleanup")?)?; // a field of the module

    let queue: ARef<Queue> = CLEANUP.get()?;
    let buffer = DeferredDrop::new(buffer, &queue, GFP_KERNEL)?;
    drop(buffer);

    Ok(installed)
}

struct Rescan {
    scans: Atomic<u32>,
    work: Work<Rescan>,
}

impl_has_work! {
    impl HasWork<Self> for Rescan { self.work }
}

impl WorkItem for Rescan {
    type Pointer = &'static Rescan;

    fn run(this: &'static Rescan) {
        this.scans.add(1, Relaxed);
    }
}

declare_work! {
    static RESCAN: Rescan { work: "RESCAN", scans: Atomic::new(0) };
}

fn once(value: u32) -> Result<WorkHandle<&'static Rescan>> {
    let rescan = WorkHandle::new(&RESCAN); // a field of the module, made before the first enqueue

    system_dfl().enqueue(&RESCAN)?;
    system_dfl().try_spawn_in_module::<crate::LocalModule, _>(GFP_KERNEL, move || pr_info!("{value}\n"))?;

    Ok(rescan)
}

#[pin_data]
struct Watchdog {
    #[pin]
    work: DelayedWork<Watchdog>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Watchdog { self.work }
}

impl WorkItem for Watchdog {
    type Pointer = Arc<Watchdog>;

    fn run(_: Arc<Watchdog>) {}
}

impl Watchdog {
    fn new() -> Result<Arc<Self>> {
        Arc::pin_init(pin_init!(Watchdog { work <- new_delayed_work!("Watchdog::work") }), GFP_KERNEL)
    }
}

struct Led;

impl Led {
    fn off(&self) {}
}

fn delayed(queue: &Queue, led: Led) -> Result {
    let watchdog = Watchdog::new()?;

    queue.enqueue_delayed(watchdog.clone(), Delta::from_millis(500))?;
    queue.try_spawn_delayed(GFP_KERNEL, Delta::from_millis(10), move || led.off())?;

    // Bark a minute after the last sign of life.
    let surplus = queue.mod_delayed(watchdog.clone(), Delta::from_secs(60))?;

    drop(surplus);
    Ok(())
}

fn checksum(chunk: &mut [u8]) {
    chunk.reverse();
}

fn borrow(queue: &OwnedQueue, data: &mut [u8]) -> Result {
    queue.scope(|scope| {
        for chunk in data.chunks_mut(4096) {
            scope.try_spawn(GFP_KERNEL, move || checksum(chunk))?;
        }
        Ok(())
    })?;

    Ok(())
}

#[pin_data]
struct Report {
    #[pin]
    work: TaskWork<Report>,
}

impl_has_task_work! {
    impl HasTaskWork<Self> for Report { self.work }
}

#[vtable]
impl TaskWorkItem for Report {
    type Pointer = Arc<Report>;

    fn run(_: Arc<Report>) {}
}

fn task(opener: &Task, file: KBox<u32>) -> Result {
    let report = Arc::pin_init(pin_init!(Report { work <- TaskWork::new() }), GFP_KERNEL)?;

    task_work::try_spawn::<crate::LocalModule, _>(current!(), NotifyMode::Resume, GFP_KERNEL, move || drop(file))?;

    task_work::add(opener, report.clone(), NotifyMode::Signal)?; // wakes the opener up
    let returned: Option<Arc<Report>> = report.work.cancel(opener);

    drop(returned);
    Ok(())
}
