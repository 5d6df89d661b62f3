// SPDX-License-Identifier: GPL-2.0

//! The queue owns a pointer to the item, so it takes no reference to one. What is behind a reference would have to
//! be an item itself.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::Queue;

type Pointer = Arc<Item>;

include!("both.rs");

pub fn program(queue: &Queue, item: Arc<Item>) {
    let _ = queue.enqueue::<_, 1>(&item); //~ E0277 //~ E0277
    //~ message: `&Arc<Item>` cannot be enqueued
    //~ message: to keep an `Arc` or an `ARef`, enqueue a clone of it
}

pub fn delayed(queue: &Queue, item: Arc<Item>) {
    let _ = queue.enqueue_delayed::<_, 2>(&item, kernel::time::Delta::from_millis(10)); //~ E0277
    //~ message: `&Arc<Item>` cannot be enqueued with a delay
    //~ message: to keep an `Arc` or an `ARef`, enqueue a clone of it
}
