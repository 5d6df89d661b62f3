// SPDX-License-Identifier: GPL-2.0

//! Only code of a module takes a reference to it: a pointer may be kept until the module is gone.

use kernel::module::ModuleRef;
use kernel::prelude::*;

include!("module.rs");

pub struct Other;

impl kernel::ModuleMetadata for Other {
    const NAME: &'static CStr = c"other";

    const THIS_MODULE: ThisModule = <LocalModule as kernel::ModuleMetadata>::THIS_MODULE;
}

pub fn other() -> Option<ModuleRef> {
    ModuleRef::try_get::<Other>() //~ E0277
    //~ message: code that is compiled for `Other` may be part of any module
}

pub fn from_pointer(module: &'static ThisModule) -> Option<ModuleRef> {
    module.try_get() //~ E0599
}
