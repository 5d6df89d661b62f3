// SPDX-License-Identifier: GPL-2.0

//! An item must not be used as an item of another type, whose impls can name another field or
//! another pointer.

use kernel::prelude::*;
use kernel::workqueue::{impl_has_delayed_work, system_dfl, DelayedWork, WorkItem};

include!("invariant.rs");

type Field<T> = DelayedWork<T>;

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Item<General> { self.field }
    impl HasDelayedWork<Self> for Item<Special> { self.field }
}

impl WorkItem for Item<General> {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

impl WorkItem for Item<Special> {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

pub fn coerce(item: Arc<Item<General>>) -> Arc<Item<Special>> {
    item //~ E0308 //~ guards DelayedWork: PhantomData<*mut T>
}

pub fn cancel(item: &Item<General>) {
    let _ = DelayedWork::<Item<Special>>::cancel(&item.field); //~ E0308
}

pub fn enqueue(item: Arc<Item<General>>) {
    let _ = system_dfl().enqueue::<Arc<Item<Special>>, 0>(item); //~ E0308
}

pub fn stop(item: &Item<General>) {
    let _ = DelayedWork::<Item<Special>>::stop(&item.field); //~ E0308
}
