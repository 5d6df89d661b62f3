// SPDX-License-Identifier: GPL-2.0

//! The programs of the README, which run.py looks for in here.

use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::Arc;
use kernel::task::Task;
use kernel::task_work::{self, impl_has_task_work, NotifyMode, TaskWork, TaskWorkItem};
use kernel::time::msecs_to_jiffies;
use kernel::workqueue::{
    impl_has_delayed_work, impl_has_work, new_delayed_work, new_work, Builder, DelayedWork, OwnedQueue, Work,
    WorkHandle, WorkItem,
};

const __LOG_PREFIX: &[u8] = b"readme\0"; // as module!{} defines it

pub fn queue(value: u32) -> Result {
    let queue = Builder::unbound().max_active::<4>().build(c"my-driver")?;

    queue.try_spawn(GFP_KERNEL, move || pr_info!("{value}\n"))?;

    queue.flush()?; // waits, and the queue stays
    drop(queue); // waits, too

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

fn reconfigure(_: &Poll) {}

fn item(queue: &OwnedQueue) -> Result {
    let poll = Arc::pin_init(
        pin_init!(Poll { rounds: Atomic::new(0), work <- new_work!("Poll::work") }),
        GFP_KERNEL,
    )?;

    if let Err(_poll) = queue.enqueue(poll.clone()) {
        pr_info!("it is queued already, or disabled\n");
    }

    let returned: Option<Arc<Poll>> = poll.work.cancel(); // also cancel_sync(), flush()

    let (disabled, queued) = poll.work.disable_sync();
    reconfigure(&poll);
    drop(disabled); // can be enqueued again

    drop((returned, queued));
    Ok(())
}

struct Driver {
    poll: WorkHandle<Arc<Poll>>,
    queue: OwnedQueue,
}

fn bind(poll: Arc<Poll>, queue: OwnedQueue) -> Driver {
    let driver = Driver { poll: WorkHandle::new(poll), queue };
    let _ = driver.queue.enqueue(driver.poll.clone());
    driver
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

fn delayed(queue: &OwnedQueue, led: Led) -> Result {
    let watchdog = Watchdog::new()?;

    let _ = queue.enqueue_delayed(watchdog.clone(), msecs_to_jiffies(500));
    queue.try_spawn_delayed(GFP_KERNEL, msecs_to_jiffies(10), move || led.off())?;

    // Bark a minute after the last sign of life.
    let surplus = queue.mod_delayed(watchdog.clone(), msecs_to_jiffies(60_000));

    drop(surplus);
    Ok(())
}

fn checksum(chunk: &mut [u8]) {
    chunk.reverse();
}

fn sum(data: &[u8]) -> usize {
    data.len()
}

fn borrow(queue: &OwnedQueue, data: &mut [u8]) -> Result<usize> {
    queue.scope(|scope| {
        for chunk in data.chunks_mut(4096) {
            scope.try_spawn(GFP_KERNEL, move || checksum(chunk))?;
        }
        Ok(())
    })?;

    let half = data.len() / 2;
    let (left, right) = queue.join(|| sum(&data[..half]), || sum(&data[half..]))?;

    Ok(left + right)
}

#[pin_data]
struct Report {
    #[pin]
    work: TaskWork<Report>,
}

impl_has_task_work! {
    impl HasTaskWork<Self> for Report { self.work }
}

impl TaskWorkItem for Report {
    type Pointer = Arc<Report>;

    fn run(_: Arc<Report>) {}
}

fn task(opener: &Task, file: KBox<u32>) -> Result {
    let report = Arc::pin_init(pin_init!(Report { work <- TaskWork::new() }), GFP_KERNEL)?;

    task_work::try_spawn(current!(), NotifyMode::Resume, GFP_KERNEL, move || drop(file))?;

    task_work::add(opener, report.clone(), NotifyMode::Signal)?; // wakes the opener up
    let returned: Option<Arc<Report>> = report.work.cancel(opener);

    drop(returned);
    Ok(())
}
