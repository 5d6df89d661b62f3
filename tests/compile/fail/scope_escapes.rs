// SPDX-License-Identifier: GPL-2.0

//! After the scope, nothing would wait for what is spawned.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: &OwnedQueue) -> Result {
    let mut escaped = None;
    queue.scope(|scope| {
        escaped = Some(scope); //~ E0521 //~ guards OwnedQueue::scope: F: for<'scope>
        Ok(())
    })?;
    drop(escaped);
    Ok(())
}
