// SPDX-License-Identifier: GPL-2.0

//! T10: C would silently use another value.

use kernel::prelude::*;
use kernel::workqueue::Builder;

pub fn program() -> Result {
    let _queue = Builder::unbound().max_active::<2049>().build(c"queue")?; //~ E0080
    Ok(())
}
