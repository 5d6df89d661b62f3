// SPDX-License-Identifier: GPL-2.0

//! In a crate whose generic code becomes part of the modules that use it, like `kernel`,
//! `#[vtable]` must not name that crate as the owner of an item.

use kernel::prelude::*;
use kernel::task_work::{impl_has_task_work, TaskWork, TaskWorkItem};

// As in the kernel crate.
struct LocalModule;

impl kernel::ModuleMetadata for LocalModule {
    const NAME: &'static CStr = c"crate";

    // SAFETY: This is never executed.
    const THIS_MODULE: ThisModule = unsafe { ThisModule::from_ptr(core::ptr::null_mut()) };
}

#[pin_data]
struct Item<F> {
    func: F,
    #[pin]
    work: TaskWork<Item<F>>,
}

impl_has_task_work! {
    impl{F} HasTaskWork<Self> for Item<F> { self.work }
}

#[vtable] //~ E0277
impl<F> TaskWorkItem for Item<F> {
    type Pointer = Pin<KBox<Self>>;

    fn run(_this: Pin<KBox<Self>>) {}
}
