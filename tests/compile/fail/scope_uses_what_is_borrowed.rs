// SPDX-License-Identifier: GPL-2.0

//! A closure may be changing it until the scope has ended.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: &OwnedQueue) -> Result<u32> {
    let mut value = 0;
    queue.scope(|scope| {
        scope.try_spawn(GFP_KERNEL, || value += 1)?;
        Ok(value) //~ E0503
        //~ guards Scope::try_spawn: F: 'scope
        //~ guards Scope: PhantomData<&'scope mut &'scope ()>
    })
}
