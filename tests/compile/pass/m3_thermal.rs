// SPDX-License-Identifier: GPL-2.0

//! The thermal driver of the M3: an item that looks at the sensors every half second, until the driver is gone.

use kernel::prelude::*;
use kernel::sync::{new_mutex, Mutex};
use kernel::time::Delta;
use kernel::workqueue::{new_scoped_work, system_freezable_power_efficient, ScopedWork, ScopedWorkItem};

const INTERVAL: Delta = Delta::from_millis(500);
const SENSORS: usize = 8;

#[pin_data]
pub struct Monitor {
    #[pin]
    temperatures: Mutex<[u32; SENSORS]>,
    limit: u32,
}

impl Monitor {
    fn read(&self, sensor: usize) -> u32 {
        20_000 + sensor as u32
    }
}

impl ScopedWorkItem for Monitor {
    fn run(this: &ScopedWork<Self>) {
        let mut temperatures = this.temperatures.lock();
        for (sensor, temperature) in temperatures.iter_mut().enumerate() {
            *temperature = this.read(sensor);
        }
        let hottest = temperatures.iter().max().copied();
        drop(temperatures);

        // Refused when the driver is going away: there is no flag to look at.
        let again = if hottest > Some(this.limit) { Delta::from_millis(50) } else { INTERVAL };
        let _ = this.enqueue_delayed(again);
    }
}

#[pin_data]
pub struct Thermal {
    #[pin]
    monitor: ScopedWork<Monitor>,
}

impl Thermal {
    pub fn new(limit: u32) -> Result<Pin<KBox<Self>>> {
        let monitor = pin_init!(Monitor { temperatures <- new_mutex!([0; SENSORS]), limit });
        let thermal = KBox::pin_init(
            try_pin_init!(Self {
                monitor <- new_scoped_work!(system_freezable_power_efficient(), monitor, "Thermal::monitor"),
            }),
            GFP_KERNEL,
        )?;
        thermal.monitor.enqueue()?;
        Ok(thermal)
    }

    pub fn temperature(&self, sensor: usize) -> Option<u32> {
        self.monitor.temperatures.lock().get(sensor).copied()
    }

    pub fn suspend(&self) {
        self.monitor.disable_sync();
    }

    pub fn resume(&self) -> Result {
        self.monitor.enable();
        self.monitor.enqueue()
    }
}
