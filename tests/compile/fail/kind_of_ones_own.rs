// SPDX-License-Identifier: GPL-2.0

//! There is no kind of queue that C does not know.

use kernel::prelude::*;
use kernel::workqueue::builder::Kind;

pub struct Mine;

impl Kind for Mine {} //~ E0277
