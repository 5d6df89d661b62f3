// SPDX-License-Identifier: GPL-2.0

//! The item may be executed when what it borrows is gone.

use kernel::cpu::CpuId;
use kernel::prelude::*;
use kernel::workqueue::Queue;

include!("borrows.rs");

pub fn program<'a>(queue: &Queue, cpu: CpuId, item: Arc<Item<'a>>) {
    let _ = queue.enqueue_on::<_, 1>(cpu, item); //~ E0521
    //~ guards Queue::enqueue_on: W: 'static
}
