// SPDX-License-Identifier: GPL-2.0

//! A task work cannot be given the `current` of who adds it.

use kernel::prelude::*;
use kernel::task::Task;
use kernel::task_work::{self, NotifyMode};

include!("module.rs");

pub fn program(task: &Task) {
    let current = current!();
    let func = move || {
        let _pid = current.pid();
    };
    let _ = task_work::try_spawn::<LocalModule, _>(task, NotifyMode::Resume, GFP_KERNEL, func); //~ E0277
    //~ guards task_work::try_spawn: F: Send
}
