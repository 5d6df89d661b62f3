// SPDX-License-Identifier: GPL-2.0

//! The work is part of the item: a field of what the item points at is not.

use kernel::prelude::*;
use kernel::task_work::{impl_has_task_work, TaskWork};
use kernel::workqueue::{impl_has_delayed_work, impl_has_work, DelayedWork, Work};

#[pin_data]
pub struct Inner {
    #[pin]
    work: Work<Item, 1>,
    #[pin]
    delayed: DelayedWork<Item, 2>,
    #[pin]
    task_work: TaskWork<Item>,
}

pub struct Item {
    inner: KBox<Inner>,
}

impl_has_work! {
    impl HasWork<Self, 1> for Item { self.inner.work } //~ E0609
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, 2> for Item { self.inner.delayed } //~ E0609
}

impl_has_task_work! {
    impl HasTaskWork<Self> for Item { self.inner.task_work } //~ E0609
}
