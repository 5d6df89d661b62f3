// SPDX-License-Identifier: GPL-2.0

//! The closure may be called when what it borrows is gone.

use kernel::prelude::*;
use kernel::task::Task;
use kernel::task_work::{self, NotifyMode};

include!("module.rs");

pub fn program(task: &Task, value: &u32) {
    let func = move || {
        let _copy = *value;
    };
    let _ = task_work::try_spawn::<LocalModule, _>(task, NotifyMode::Resume, GFP_KERNEL, func); //~ E0521
    //~ guards task_work::try_spawn: F: 'static
}
