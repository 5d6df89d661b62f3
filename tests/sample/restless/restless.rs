// SPDX-License-Identifier: GPL-2.0

//! A module with items that enqueue themselves again for ever, on the queue of the module.

use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::Arc;
use kernel::time::{delay::fsleep, Delta};
use kernel::warn_on;
use kernel::workqueue::{
    impl_has_delayed_work, impl_has_work, new_delayed_work, new_work, DelayedWork, OwnedQueue, Queue, Work, WorkItem,
};

module! {
    type: Module,
    name: "restless",
    authors: ["Rust for Linux Contributors"],
    description: "Module whose work never ends by itself",
    license: "GPL",
}

#[pin_data]
struct Restless {
    queue: ARef<Queue>,
    runs: Atomic<u32>,
    #[pin]
    work: Work<Restless, 1>,
    #[pin]
    delayed: DelayedWork<Restless, 2>,
}

impl_has_work! {
    impl HasWork<Self, 1> for Restless { self.work }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, 2> for Restless { self.delayed }
}

impl WorkItem<1> for Restless {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.runs.add(1, Relaxed);
        let _ = this.queue.enqueue::<_, 1>(this.clone());
    }
}

impl WorkItem<2> for Restless {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.runs.add(1, Relaxed);
        let _ = this.queue.enqueue_delayed::<_, 2>(this.clone(), Delta::from_jiffies(1));
    }
}

struct Module {
    item: Arc<Restless>,
    queue: Option<OwnedQueue>,
}

impl kernel::Module for Module {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let owner = Queue::new_unbound().build(c"restless")?;
        let queue = ARef::from(&owner);
        let item = Arc::pin_init(
            pin_init!(Restless {
                queue,
                runs: Atomic::new(0),
                work <- new_work!("Restless::work"),
                delayed <- new_delayed_work!("Restless::delayed"),
            }),
            GFP_KERNEL,
        )?;

        owner.enqueue::<_, 1>(item.clone())?;
        owner.enqueue_delayed::<_, 2>(item.clone(), Delta::from_jiffies(1))?;
        let hour = Delta::from_secs(3600);
        owner.try_spawn_delayed(GFP_KERNEL, hour, || pr_err!("executed early\n"))?;

        Ok(Self { item, queue: Some(owner) })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        self.queue = None;

        let runs = self.item.runs.load(Relaxed);
        warn_on!(runs == 0);
        fsleep(Delta::from_millis(1));
        warn_on!(runs != self.item.runs.load(Relaxed));
        warn_on!(self.item.work.is_busy() || self.item.delayed.is_busy());
    }
}
