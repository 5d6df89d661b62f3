// SPDX-License-Identifier: GPL-2.0

//! A delay has a unit.

use core::time::Duration;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::Queue;

type Pointer = Arc<Item>;

include!("both.rs");

pub fn number(queue: &Queue, item: Arc<Item>) {
    let _ = queue.enqueue_delayed::<_, 2>(item, 5usize); //~ E0277
    //~ message: `usize` is not a delay
    //~ message: for example `Delta::from_millis(10)`
}

pub fn duration(queue: &Queue, item: Arc<Item>) {
    let _ = queue.mod_delayed::<_, 2>(item, Duration::from_millis(5)); //~ E0277
    //~ message: `Duration` is not a delay
}

pub fn closure(queue: &Queue) {
    let _ = queue.try_spawn_delayed(GFP_KERNEL, 5u8, || ()); //~ E0277
    //~ message: `u8` is not a delay
}
