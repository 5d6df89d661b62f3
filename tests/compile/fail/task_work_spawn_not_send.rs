// SPDX-License-Identifier: GPL-2.0

//! The closure is called, and maybe dropped, by another task.

use kernel::prelude::*;
use kernel::task::Task;
use kernel::task_work::{self, NotifyMode};

include!("module.rs");

pub fn program(task: &Task, pointer: *mut u32) {
    let func = move || {
        let _ = pointer;
        let _copy = pointer;
    };
    let _ = task_work::try_spawn::<LocalModule, _>(task, NotifyMode::Resume, GFP_KERNEL, func); //~ E0277
    //~ guards task_work::try_spawn: F: Send
}
