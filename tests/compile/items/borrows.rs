// SPDX-License-Identifier: GPL-2.0

// An item that borrows, with a plain and a delayed work.

use kernel::sync::Arc;
use kernel::workqueue::{impl_has_delayed_work, impl_has_work, DelayedWork, Work, WorkItem};

#[pin_data]
pub struct Item<'a> {
    value: &'a u32,
    #[pin]
    work: Work<Item<'a>, 1>,
    #[pin]
    delayed: DelayedWork<Item<'a>, 2>,
}

impl_has_work! {
    impl{'a} HasWork<Self, 1> for Item<'a> { self.work }
}

impl_has_delayed_work! {
    impl{'a} HasDelayedWork<Self, 2> for Item<'a> { self.delayed }
}

impl<'a> WorkItem<1> for Item<'a> {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

impl<'a> WorkItem<2> for Item<'a> {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}
