// SPDX-License-Identifier: GPL-2.0

//! A number is no mode.

use kernel::prelude::*;

type Pointer = Pin<KBox<Item>>;
type Data = u32;

include!("task_work.rs");

pub fn program(task: &Task, item: Pointer) {
    let _ = task_work::add(task, item, 4 as NotifyMode); //~ E0605
}
