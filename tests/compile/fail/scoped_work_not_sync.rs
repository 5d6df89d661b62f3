// SPDX-License-Identifier: GPL-2.0

//! The worker and the owner of the item may use the data at the same time.

use core::cell::Cell;

type Data = Cell<u32>;

include!("scoped.rs"); //~ E0277 //~ guards ScopedWorkItem: Self: Sync

const fn sync<T: Sync>() {}

const _: () = sync::<ScopedWork<Cell<u32>>>(); //~ E0277 //~ guards unsafe impl Sync for ScopedWork: T: Sync
