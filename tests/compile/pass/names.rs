// SPDX-License-Identifier: GPL-2.0

//! The names and the chains that users outside of the tree write.

use kernel::cpu::nr_cpu_ids;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{self, new_scoped_work, OwnedQueue, Queue, ScopedWork, ScopedWorkItem};

pub struct Tick;

impl ScopedWorkItem for Tick {
    fn run(this: &ScopedWork<Self>) {
        let _ = this.enqueue_delayed(::kernel::time::Delta::from_millis(1));
    }
}

#[pin_data]
pub struct Queues {
    reset: OwnedQueue,
    cleanup: Arc<OwnedQueue>,
    convert: OwnedQueue,
    interrupt: OwnedQueue,
    poll: OwnedQueue,
    #[pin]
    tick: ScopedWork<Tick>,
}

impl Queues {
    pub fn new(id: usize) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            reset: Queue::new_ordered().build(c"reset")?,
            cleanup: Arc::new(Queue::new_unbound().mem_reclaim().build(c"cleanup")?, GFP_KERNEL)?,
            convert: Queue::new_percpu().max_active(nr_cpu_ids()).highpri().build_fmt(fmt!("convert/{id}"))?,
            interrupt: Queue::new_bh().highpri().build(c"interrupt")?,
            poll: Queue::new_power_efficient().freezable().sysfs().build(c"poll")?,
            tick <- new_scoped_work!(workqueue::system_power_efficient(), Tick, "Queues::tick"),
        })
    }

    pub fn all(&self) -> [&Queue; 5] {
        [&self.reset, &self.cleanup, &self.convert, &self.interrupt, &self.poll]
    }
}

/// Those of the system, with their former names.
pub fn system() -> [&'static Queue; 12] {
    [
        workqueue::system(),
        workqueue::system_percpu(),
        workqueue::system_highpri(),
        workqueue::system_long(),
        workqueue::system_unbound(),
        workqueue::system_dfl(),
        workqueue::system_dfl_long(),
        workqueue::system_freezable(),
        workqueue::system_power_efficient(),
        workqueue::system_freezable_power_efficient(),
        workqueue::system_bh(),
        workqueue::system_bh_highpri(),
    ]
}
