// SPDX-License-Identifier: GPL-2.0

//! The thermal loop of Asahi's driver for the M3, with hardware that is faked.
//!
//! The driver outside of the tree has an item in an `Arc` that enqueues itself again every half
//! second. Cancelling it is not enough, since it may be running and about to do that. So the driver
//! has a flag `stopped`, which its `Drop` sets and the item looks at.
//!
//! Here the item is a field of the driver, which needs no `Arc`: a [`ScopedWork`]. It owns what it
//! works with, the fans among it, and stops when the driver is dropped. There is no flag. That the
//! fans are given back to the firmware after the loop has ended, and not before, is no rule that
//! the driver has to follow: they are dropped with the data of the item.

use kernel::{
    device::{
        Bound,
        Device, //
    },
    devres::Devres,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
    time::Delta,
    workqueue::{
        new_scoped_work,
        system_dfl,
        ScopedWork,
        ScopedWorkItem, //
    },
};

#[path = "../checks.rs"]
mod checks;
mod fake;
mod scenario;

use fake::Smc;

/// How often the loop looks at the sensors.
pub(crate) const PERIOD: Delta = Delta::from_millis(500);

/// Below this the fans stop, in thousandths of a degree.
const COOL: u32 = 45_000;
/// From here on the fans are as fast as they can be.
const HOT: u32 = 85_000;
/// How much cooler it must get before the fans become slower.
const HYSTERESIS: u32 = 3_000;
pub(crate) const MAX_RPM: u32 = 6_000;

/// The fans, as long as the driver and not the firmware controls them.
struct Fans {
    smc: Arc<Smc>,
}

impl Fans {
    fn take(smc: Arc<Smc>) -> Self {
        smc.set_manual(true);
        Self { smc }
    }
}

impl Drop for Fans {
    fn drop(&mut self) {
        self.smc.set_manual(false);
    }
}

/// What the loop works with.
struct Loop {
    fans: Fans,
    /// The temperature for which the fans have been set.
    reference: Atomic<u32>,
}

impl Loop {
    fn speed(temperature: u32) -> u32 {
        let above = temperature.clamp(COOL, HOT) - COOL;
        above * (MAX_RPM / 1_000) / ((HOT - COOL) / 1_000)
    }

    fn control(&self) {
        let temperature = self.fans.smc.temperature();
        let reference = self.reference.load(Relaxed);

        if temperature > reference || temperature + HYSTERESIS <= reference {
            self.reference.store(temperature, Relaxed);
            self.fans.smc.set_speed(Self::speed(temperature));
        }
    }
}

impl ScopedWorkItem for Loop {
    fn run(this: &ScopedWork<Self>) {
        this.control();
        // Refused if the driver is suspended or unbound.
        let _ = this.enqueue_delayed(PERIOD);
    }
}

#[pin_data]
pub(crate) struct Thermal {
    #[pin]
    control: ScopedWork<Loop>,
}

impl Thermal {
    pub(crate) fn probe(dev: &Device<Bound>, smc: Arc<Smc>) -> Result<Devres<Self>> {
        let control = Loop {
            fans: Fans::take(smc),
            reference: Atomic::new(0),
        };
        let this = Devres::new(
            dev,
            try_pin_init!(Self {
                control <- new_scoped_work!(system_dfl(), control, "Thermal::control"),
            }),
        )?;

        this.access(dev)?.control.enqueue()?;
        Ok(this)
    }

    pub(crate) fn suspend(&self) {
        self.control.disable_sync();
    }

    pub(crate) fn resume(&self) -> Result {
        self.control.enable();
        self.control.enqueue()
    }
}

// The module, which drives itself.

module! {
    type: Module,
    name: "m3_thermal",
    authors: ["Rust for Linux Contributors"],
    description: "Thermal loop with an item that is part of its driver",
    license: "GPL",
}

struct Module;

impl kernel::Module for Module {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        checks::Checks::run(scenario::run)?;
        Ok(Self)
    }
}
