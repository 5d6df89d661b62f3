// SPDX-License-Identifier: GPL-2.0

//! Only the type of a module can keep a closure, and the caller has to say which one.

use kernel::prelude::*;
use kernel::workqueue::Queue;

include!("module.rs");

pub struct Other;

impl kernel::ModuleMetadata for Other {
    const NAME: &'static CStr = c"other";

    const THIS_MODULE: ThisModule = <LocalModule as kernel::ModuleMetadata>::THIS_MODULE;
}

pub fn no_module(queue: &Queue) {
    let _ = queue.try_spawn_in_module::<u32, _>(GFP_KERNEL, || {}); //~ E0277
    //~ message: code that is compiled for `u32` may be part of any module
    //~ message: modules use `LocalModule`
}

pub fn other(queue: &Queue) {
    let _ = queue.try_spawn_in_module::<Other, _>(GFP_KERNEL, || {}); //~ E0277
    //~ message: code that is compiled for `Other` may be part of any module
}

pub fn unnamed(queue: &Queue) {
    let _ = queue.try_spawn_in_module(GFP_KERNEL, || {}); //~ E0283
}
