// SPDX-License-Identifier: GPL-2.0

//! An item must not be used as an item of another type, whose impls can name another field or
//! another pointer.

use kernel::prelude::*;
use kernel::workqueue::{impl_has_work, system_dfl, Work, WorkItem};

include!("invariant.rs");

type Field<T> = Work<T>;

impl_has_work! {
    impl HasWork<Self> for Item<General> { self.field }
    impl HasWork<Self> for Item<Special> { self.field }
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
    item //~ E0308 //~ guards Work: PhantomData<*mut T>
}

pub fn cancel(item: &Item<General>) {
    let _ = Work::<Item<Special>>::cancel(&item.field); //~ E0308
}

pub fn enqueue(item: Arc<Item<General>>) {
    let _ = system_dfl().enqueue::<Arc<Item<Special>>, 0>(item); //~ E0308
}

pub fn stop(item: &Item<General>) {
    let _ = Work::<Item<Special>>::stop(&item.field); //~ E0308
}
