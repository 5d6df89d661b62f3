// SPDX-License-Identifier: GPL-2.0

//! T5: nobody but the queue has a boxed item that is queued, so nobody can take it back.

use kernel::prelude::*;
use kernel::workqueue::{impl_has_delayed_work, impl_has_work, DelayedWork, Work, WorkItem};

#[pin_data]
pub struct Item {
    #[pin]
    work: Work<Item, 1>,
    #[pin]
    delayed: DelayedWork<Item, 2>,
}

impl_has_work! {
    impl HasWork<Self, 1> for Item { self.work }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, 2> for Item { self.delayed }
}

impl WorkItem<1> for Item {
    type Pointer = Pin<KBox<Self>>;

    fn run(_this: Pin<KBox<Self>>) {}
}

impl WorkItem<2> for Item {
    type Pointer = Pin<KBox<Self>>;

    fn run(_this: Pin<KBox<Self>>) {}
}

pub fn program(item: &Item) {
    let _ = item.delayed.cancel(); //~ E0599
}
