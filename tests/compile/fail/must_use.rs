// SPDX-License-Identifier: GPL-2.0

//! What is not kept is undone at once, and a refused item that is not looked at is lost.

#![deny(unused_must_use)]

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{
    DeferredDrop, Disabled, ModuleQueue, OwnedQueue, Queue, ScopedWork, ScopedWorkItem, WorkHandle,
};

type Pointer = Arc<Item>;

include!("both.rs");

static PLACE: ModuleQueue = ModuleQueue::new();

pub fn install(queue: OwnedQueue) -> Result {
    PLACE.install(queue)?; //~ unused_must_use
    //~ message: the queue is destroyed when this is dropped
    Ok(())
}

pub fn build() -> Result {
    Queue::new_bh().build(c"queue")?; //~ unused_must_use
    //~ message: the queue is destroyed when this is dropped
    Queue::new_bh(); //~ unused_must_use
    //~ message: a builder does nothing until `build` is called
    Ok(())
}

pub fn handle(item: Arc<Item>) {
    WorkHandle::<_, 1>::new(item); //~ unused_must_use
    //~ message: the item is stopped when this is dropped
}

pub fn disable(item: Arc<Item>) {
    Disabled::<_, 1>::new(item); //~ unused_must_use
    //~ message: the item is enabled again when this is dropped
}

pub fn enqueue(queue: &Queue, item: Arc<Item>) {
    queue.enqueue::<_, 1>(item); //~ unused_must_use
    queue.try_spawn(GFP_KERNEL, || ()); //~ unused_must_use
    DeferredDrop::new(1, queue, GFP_KERNEL); //~ unused_must_use
}

pub fn scoped<T: ScopedWorkItem>(item: &ScopedWork<T>) {
    item.enqueue(); //~ unused_must_use
    item.enqueue_delayed(kernel::time::Delta::from_millis(10)); //~ unused_must_use
    item.mod_delayed(kernel::time::Delta::from_millis(10)); //~ unused_must_use
}
