// SPDX-License-Identifier: GPL-2.0

//! Only what refuses an item says why.

use kernel::prelude::*;
use kernel::workqueue::EnqueueError;

pub fn made(item: KBox<u32>) -> EnqueueError<KBox<u32>> {
    EnqueueError::new(EBUSY, item) //~ E0624
}

pub fn asked(result: Result<(), EnqueueError<KBox<u32>>>) -> KBox<u32> {
    let Err(refused) = result else { unreachable!() };
    let _: Error = refused.into();
    refused.item //~ E0382
}
