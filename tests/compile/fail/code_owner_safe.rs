// SPDX-License-Identifier: GPL-2.0

//! That all code which names a type is part of one module cannot be said without `unsafe`.

use kernel::module::CodeOwner;
use kernel::prelude::*;

pub struct Other;

impl kernel::ModuleMetadata for Other {
    const NAME: &'static CStr = c"other";

    // SAFETY: This is never executed.
    const THIS_MODULE: ThisModule = unsafe { ThisModule::from_ptr(core::ptr::null_mut()) };
}

impl CodeOwner for Other {} //~ E0200
