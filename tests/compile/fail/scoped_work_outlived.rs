// SPDX-License-Identifier: GPL-2.0

//! What `run` gets is gone when the item is dropped, which waits for `run` only.

use kernel::prelude::*;
use kernel::sync::SetOnce;
use kernel::workqueue::{ScopedWork, ScopedWorkItem};

static KEPT: SetOnce<&'static ScopedWork<Item>> = SetOnce::new();

pub struct Item;

impl ScopedWorkItem for Item {
    fn run(this: &ScopedWork<Self>) {
        KEPT.populate(this); //~ E0521
    }
}

pub struct Demanding;

impl ScopedWorkItem for Demanding {
    fn run(_this: &'static ScopedWork<Self>) {} //~ E0308
}

pub fn dropped(item: Pin<KBox<ScopedWork<Item>>>) -> Result {
    let data: &Item = &item;
    drop(item); //~ E0505
    let _ = data;
    Ok(())
}
