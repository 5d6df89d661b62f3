// SPDX-License-Identifier: GPL-2.0

//! An item that is executed only while its device is bound, and so has a resource that is bound to that.

use kernel::device::{Bound, Core, Device};
use kernel::devres::Devres;
use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::time::Delta;
use kernel::workqueue::{system_dfl, work_class, DeviceWork, DeviceWorkItem, ScopedWork};

/// A resource that is taken away when the device is unbound.
pub struct Clock {
    pub name: &'static CStr,
}

#[pin_data]
pub struct Calibration {
    #[pin]
    rounds: Mutex<u32>,
}

impl DeviceWorkItem for Calibration {
    type Resource = Devres<Clock>;

    fn run(this: &ScopedWork<DeviceWork<Self>>, clock: &Clock) {
        dev_dbg!(this.device(), "{:?} is calibrated\n", clock.name);
        *this.rounds.lock() += 1;
        // Refused when the device is being unbound.
        let _ = this.enqueue_delayed(Delta::from_secs(1));
    }
}

pub struct Calibrated {
    item: Devres<ScopedWork<DeviceWork<Calibration>>>,
}

impl Calibrated {
    /// Called by `probe`.
    pub fn new(dev: &Device<Core<'_>>) -> Result<Self> {
        // The item is stopped before its resource is taken away, which is older.
        let clock = Arc::new(Devres::new(dev, Clock { name: c"refclk" })?, GFP_KERNEL)?;
        let item = DeviceWork::new(
            dev,
            clock,
            system_dfl(),
            pin_init!(Calibration { rounds <- new_mutex!(0) }),
            work_class!("Calibration"),
        )?;
        item.access(dev)?.enqueue()?;
        Ok(Self { item })
    }

    pub fn rounds(&self, dev: &Device<Bound>) -> Result<u32> {
        Ok(*self.item.access(dev)?.rounds.lock())
    }

    pub fn pause(&self, dev: &Device<Bound>) -> Result<bool> {
        Ok(self.item.access(dev)?.cancel_sync())
    }
}
