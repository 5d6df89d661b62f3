// SPDX-License-Identifier: GPL-2.0

//! A module that waits for a queue under a lock that an item of the queue has taken before.
//!
//! That can deadlock, though it does not this time. Lockdep must tell.

use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::workqueue::Queue;

module! {
    type: Deadlock,
    name: "deadlock",
    authors: ["Rust for Linux Contributors"],
    description: "Module that waits in the wrong place",
    license: "GPL",
}

#[pin_data]
struct Data {
    #[pin]
    number: Mutex<u32>,
}

struct Deadlock;

impl kernel::Module for Deadlock {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let queue = Queue::new_unbound().build(c"deadlock")?;
        let data = Arc::pin_init(pin_init!(Data { number <- new_mutex!(0, "Deadlock::number") }), GFP_KERNEL)?;

        let shared = data.clone();
        queue.try_spawn(GFP_KERNEL, move || *shared.number.lock() += 1)?;
        queue.flush();

        let number = data.number.lock();
        queue.flush();
        pr_info!("the lock was held, and {} item was executed\n", *number);
        drop(number);
        Ok(Self)
    }
}
