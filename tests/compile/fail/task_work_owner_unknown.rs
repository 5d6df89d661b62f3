// SPDX-License-Identifier: GPL-2.0

//! An item that is generic over its owner has to be told which one that is.

use kernel::module::CodeOwner;
use kernel::prelude::*;
use kernel::task_work::{impl_has_task_work, TaskWork, TaskWorkItem};

#[pin_data]
pub struct Item<F> {
    func: F,
    #[pin]
    work: TaskWork<Item<F>>,
}

impl_has_task_work! {
    impl{F} HasTaskWork<Self> for Item<F> { self.work }
}

#[vtable]
impl<F, M: CodeOwner> TaskWorkItem for Item<F> { //~ E0207
    type OwnerModule = M;
    type Pointer = Pin<KBox<Self>>;

    fn run(_this: Pin<KBox<Self>>) {}
}
