// SPDX-License-Identifier: GPL-2.0

//! A place has a queue as long as there is the owner, which does not let the queue go.

use kernel::prelude::*;
use kernel::workqueue::{InstalledQueue, ModuleQueue, OwnedQueue};

static PLACE: ModuleQueue = ModuleQueue::new();

pub fn taken_out(installed: InstalledQueue) -> OwnedQueue {
    *installed //~ E0507
}

pub fn replaced(mut installed: InstalledQueue, queue: OwnedQueue) {
    *installed = queue; //~ E0594
}

pub fn copied(installed: &InstalledQueue) -> InstalledQueue {
    installed.clone() //~ E0308
}

pub fn given_away(queue: OwnedQueue) -> Result {
    let _installed = PLACE.install(queue)?;
    queue.flush(); //~ E0382
    Ok(())
}
