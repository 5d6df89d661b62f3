// SPDX-License-Identifier: GPL-2.0

//! A handle would not stop the timer of an item that says that it has none.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{DelayedWork, HasDelayedWork, HasWork, Queue, Work, WorkItem};

#[pin_data]
pub struct Item<const ID: u64> {
    #[pin]
    delayed: DelayedWork<Item<ID>>,
}

unsafe impl<const ID: u64> HasWork<Item<ID>> for Item<ID> {
    // No IS_DELAYED.

    unsafe fn raw_get_work(ptr: *mut Self) -> *mut Work<Self> {
        unsafe { DelayedWork::raw_as_work(&raw const (*ptr).delayed) }
    }

    unsafe fn work_container_of(ptr: *mut Work<Self>) -> *mut Self {
        unsafe { kernel::container_of!(ptr.cast::<DelayedWork<Self>>(), Self, delayed) }
    }
}

unsafe impl<const ID: u64> HasDelayedWork<Item<ID>> for Item<ID> {}

impl<const ID: u64> WorkItem for Item<ID> {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

pub fn enqueue_delayed(queue: &Queue, item: Arc<Item<1>>) {
    let _ = queue.enqueue_delayed(item, kernel::time::Delta::from_millis(10)); //~ E0080
    //~ message: `HasWork::IS_DELAYED` must be `true` for a `DelayedWork`
}

pub fn mod_delayed(queue: &Queue, item: Arc<Item<2>>) {
    let _ = queue.mod_delayed(item, kernel::time::Delta::from_millis(10)); //~ E0080
    //~ message: `HasWork::IS_DELAYED` must be `true` for a `DelayedWork`
}
