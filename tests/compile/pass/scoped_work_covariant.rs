// SPDX-License-Identifier: GPL-2.0

//! A scoped item owns its data, and executes the function that it was made with, so it may be used as one of a
//! supertype: that changes which methods there are, and nothing of what is executed.

use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::workqueue::{ScopedWork, ScopedWorkItem};

type General = for<'a> fn(&'a u8);
type Special = fn(&'static u8);

pub struct Item<F> {
    func: F,
    called: Atomic<u32>,
}

impl ScopedWorkItem for Item<General> {
    fn run(this: &ScopedWork<Self>) {
        let local = 1;
        (this.func)(&local);
        this.called.add(1, Relaxed);
    }
}

impl ScopedWorkItem for Item<Special> {
    fn run(this: &ScopedWork<Self>) {
        (this.func)(&1);
    }
}

/// It keeps executing the function of `Item<General>`, whose data this is.
pub fn coerce(item: Pin<KBox<ScopedWork<Item<General>>>>) -> Pin<KBox<ScopedWork<Item<Special>>>> {
    item
}

pub fn enqueue<'a>(item: &'a ScopedWork<Item<General>>) -> Result<&'a ScopedWork<Item<Special>>> {
    let special: &'a ScopedWork<Item<Special>> = item;
    special.enqueue()?;
    Ok(special)
}
