// SPDX-License-Identifier: GPL-2.0

//! With several fields, the caller says which one is meant.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{Queue, WorkHandle};

type Pointer = Arc<Item>;

include!("both.rs");

pub fn handle(item: Arc<Item>) {
    let _ = WorkHandle::new(item); //~ E0284 //~ E0284 //~ E0284 //~ E0284 //~ E0284
    //~ E0283 //~ E0283 //~ E0283 //~ E0283 //~ E0283 //~ E0283
    //~ message: where the value of const parameter `ID` is specified
    //~ message: multiple `impl`s satisfying `Item: WorkItem<_>` found
}

pub fn enqueue(queue: &Queue, item: Arc<Item>) {
    let _ = queue.enqueue(item); //~ E0284 //~ E0284 //~ E0283 //~ E0283
    //~ message: cannot infer the value of the const parameter `ID`
}
