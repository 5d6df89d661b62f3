// SPDX-License-Identifier: GPL-2.0

//! An item must not be used as an item of another type, whose impls can name another field or
//! another pointer.

use kernel::prelude::*;
use kernel::task::Task;
use kernel::task_work::{self, impl_has_task_work, NotifyMode, TaskWork, TaskWorkItem};

include!("invariant.rs");
include!("module.rs");

type Field<T> = TaskWork<T>;

impl_has_task_work! {
    impl HasTaskWork<Self> for Item<General> { self.field }
    impl HasTaskWork<Self> for Item<Special> { self.field }
}

#[vtable]
impl TaskWorkItem for Item<General> {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

#[vtable]
impl TaskWorkItem for Item<Special> {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

pub fn coerce(item: Arc<Item<General>>) -> Arc<Item<Special>> {
    item //~ E0308 //~ guards TaskWork: PhantomData<*mut T>
}

pub fn cancel(item: &Item<General>, task: &Task) {
    let _ = TaskWork::<Item<Special>>::cancel(&item.field, task); //~ E0308
}

pub fn add(item: Arc<Item<General>>, task: &Task) {
    let _ = task_work::add::<Arc<Item<Special>>, 0>(task, item, NotifyMode::Resume); //~ E0308
}
