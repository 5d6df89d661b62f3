// SPDX-License-Identifier: GPL-2.0

//! The item is executed, and maybe dropped, by another thread.

use kernel::cpu::CpuId;
use kernel::prelude::*;
use kernel::workqueue::Queue;

include!("not_send.rs");

pub fn program(queue: &Queue, cpu: CpuId, item: Arc<Item>) {
    let _ = queue.enqueue_on::<_, 1>(cpu, item); //~ E0277 //~ E0277
    //~ guards Queue::enqueue_on: W: Send
}
