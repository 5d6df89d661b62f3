// SPDX-License-Identifier: GPL-2.0

//! What is enqueued says what is to be executed.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::Queue;

pub struct Nothing(u32);

pub fn shared(queue: &Queue, item: Arc<Nothing>) {
    let _ = queue.enqueue(item); //~ E0277 //~ E0277
    //~ message: `Nothing` is not a work item with this ID
    //~ message: implement `WorkItem` for it
    //~ message: name it with `impl_has_work!`
}

pub fn delayed(queue: &Queue, item: Arc<Nothing>) {
    let _ = queue.enqueue_delayed(item, kernel::time::Delta::from_millis(10)); //~ E0277 //~ E0277
    //~ message: `Nothing` is not a work item with this ID
    //~ message: `Nothing` has no `DelayedWork` with this ID
}

pub fn by_value(queue: &Queue, item: Nothing) {
    let _ = queue.enqueue(item); //~ E0277
    //~ message: `Nothing` cannot be enqueued
    //~ message: giving its `Arc`, `ARef` or `Pin<KBox>` to the queue
}

pub fn not_pinned(queue: &Queue, item: KBox<Nothing>) {
    let _ = queue.enqueue(item); //~ E0277
    //~ message: this is not a pointer to a work item
    //~ message: giving its `Arc`, `ARef` or `Pin<KBox>` to the queue
}
