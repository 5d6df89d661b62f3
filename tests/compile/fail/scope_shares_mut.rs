// SPDX-License-Identifier: GPL-2.0

//! Two closures must not change the same thing.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: &OwnedQueue) -> Result<u32> {
    let mut value = 0;
    queue.scope(|scope| {
        scope.try_spawn(GFP_KERNEL, || value += 1)?;
        scope.try_spawn(GFP_KERNEL, || value += 1)?; //~ E0499
        //~ guards Scope::try_spawn: F: 'scope
        //~ guards Scope: PhantomData<&'scope mut &'scope ()>
        Ok(())
    })?;
    Ok(value)
}
