// SPDX-License-Identifier: GPL-2.0

//! What is inside the scope is gone when its closures are waited for.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: &OwnedQueue) -> Result {
    queue.scope(|scope| {
        let value = 1;
        let borrowed = &value; //~ E0597 //~ guards Scope::try_spawn: F: 'scope
        //~ guards Scope: PhantomData<&'scope mut &'scope ()>
        scope.try_spawn(GFP_KERNEL, move || drop(*borrowed))?;
        Ok(())
    })
}
