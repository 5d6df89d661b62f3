// SPDX-License-Identifier: GPL-2.0

//! T6: the plain variants would leave the timer armed, so there is no way to the inner item.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{impl_has_delayed_work, impl_has_work, DelayedWork, HasWork, Work, WorkItem};

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
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

impl WorkItem<2> for Item {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

pub fn program(item: &mut Item) {
    let inner = <Item as HasWork<Item, 2>>::raw_get_work(item); //~ E0133
    let _ = inner;
}
