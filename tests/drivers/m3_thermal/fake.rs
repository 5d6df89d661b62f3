// SPDX-License-Identifier: GPL-2.0

//! The system management controller.

use crate::checks::Log;
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Event {
    Manual(bool),
    Read(u32),
    Speed(u32),
}

#[pin_data]
pub(crate) struct Smc {
    temperature: Atomic<u32>,
    #[pin]
    pub(crate) log: Log<Event>,
}

impl Smc {
    pub(crate) fn new(temperature: u32) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            temperature: Atomic::new(temperature),
            log <- Log::new(),
        })
    }

    /// It gets warmer or cooler.
    pub(crate) fn becomes(&self, temperature: u32) {
        self.temperature.store(temperature, Relaxed);
    }

    pub(crate) fn temperature(&self) -> u32 {
        let temperature = self.temperature.load(Relaxed);
        self.log.add(Event::Read(temperature));
        temperature
    }

    pub(crate) fn set_speed(&self, rpm: u32) {
        self.log.add(Event::Speed(rpm));
    }

    pub(crate) fn set_manual(&self, manual: bool) {
        self.log.add(Event::Manual(manual));
    }
}
