// SPDX-License-Identifier: GPL-2.0

//! The closure may be called when the caller has returned.

use kernel::prelude::*;
use kernel::workqueue::Queue;

include!("module.rs");

pub fn program(queue: &Queue) -> Result {
    let value = 1;
    let borrowed = &value; //~ E0597 //~ guards Queue::try_spawn_in_module: F: 'static
    queue.try_spawn_in_module::<LocalModule, _>(GFP_KERNEL, move || {
        drop(*borrowed);
    })?;
    Ok(())
}
