// SPDX-License-Identifier: GPL-2.0

//! A pointer that stops or disables an item must not become one to another item: the impls of
//! another type can name another field, also where the fields themselves are the same.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{impl_has_work, Disabled, Work, WorkHandle, WorkItem};

type General = for<'a> fn(&'a u8);
type Special = fn(&'static u8);

#[pin_data]
pub struct Item<F: 'static> {
    #[pin]
    general: Work<Item<General>>,
    #[pin]
    special: Work<Item<Special>>,
    data: F,
}

impl_has_work! {
    impl HasWork<Self> for Item<General> { self.general }
    impl HasWork<Self> for Item<Special> { self.special }
}

impl WorkItem for Item<General> {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

impl WorkItem for Item<Special> {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

/// The item itself may be: an `Arc` stops nothing.
pub fn coerce(item: Arc<Item<General>>) -> Arc<Item<Special>> {
    item
}

pub fn disabled(item: Disabled<Arc<Item<General>>>) -> Disabled<Arc<Item<Special>>> {
    item //~ E0308 //~ guards Disabled: PhantomData<fn(P) -> P>
}

pub fn handle(item: WorkHandle<Arc<Item<General>>>) -> WorkHandle<Arc<Item<Special>>> {
    item //~ E0308 //~ guards WorkHandle: PhantomData<fn(P) -> P>
}
