// SPDX-License-Identifier: GPL-2.0

//! A cage, with a module that is in it at times, and the network device.

use crate::{
    checks::Log,
    signal,
    Id, //
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        new_mutex,
        Mutex, //
    },
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Event {
    Read,
    Insert,
    Remove,
    Power(bool),
    Tx(bool),
    Phy,
    Start,
    Stop,
    LinkUp,
    LinkDown,
}

#[pin_data]
pub(crate) struct Cage {
    signals: Atomic<u32>,
    #[pin]
    module: Mutex<Option<Id>>,
    /// How often reading the module fails, and looking for its PHY.
    pub(crate) unreadable: Atomic<u32>,
    pub(crate) no_phy: Atomic<u32>,
    polls: Atomic<u32>,
    #[pin]
    pub(crate) log: Log<Event>,
}

impl Cage {
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            signals: Atomic::new(0),
            module <- new_mutex!(None, "Cage::module"),
            unreadable: Atomic::new(0),
            no_phy: Atomic::new(0),
            polls: Atomic::new(0),
            log <- Log::new(),
        })
    }

    /// A module is put in, with these signals.
    pub(crate) fn put(&self, id: Id, signals: u32) {
        *self.module.lock() = Some(id);
        self.signals.store(signals | signal::PRESENT, Relaxed);
    }

    /// It is pulled out.
    pub(crate) fn pull(&self) {
        self.signals.store(0, Relaxed);
        *self.module.lock() = None;
    }

    /// It has a signal, or has it no more.
    pub(crate) fn set(&self, signal: u32, high: bool) {
        let mut now = self.signals.load(Relaxed);
        loop {
            let next = if high { now | signal } else { now & !signal };
            match self.signals.cmpxchg(now, next, Relaxed) {
                Ok(_) => return,
                Err(other) => now = other,
            }
        }
    }

    pub(crate) fn signals(&self) -> u32 {
        self.polls.add(1, Relaxed);
        self.signals.load(Relaxed)
    }

    pub(crate) fn soft_signals(&self) -> u32 {
        self.signals.load(Relaxed)
    }

    /// How often the driver has looked at the signals.
    pub(crate) fn polls(&self) -> u32 {
        self.polls.load(Relaxed)
    }

    fn fails(&self, times: &Atomic<u32>) -> bool {
        let left = times.load(Relaxed);
        times.store(left.saturating_sub(1), Relaxed);
        left > 0
    }

    pub(crate) fn read(&self) -> Result<Id> {
        self.log.add(Event::Read);
        if self.fails(&self.unreadable) {
            return Err(EAGAIN);
        }
        self.module.lock().ok_or(EIO)
    }

    pub(crate) fn high_power(&self, on: bool) -> Result {
        self.log.add(Event::Power(on));
        Ok(())
    }

    /// Taking back `TX_DISABLE` clears a fault.
    pub(crate) fn tx_disable(&self, disable: bool) {
        self.log.add(Event::Tx(!disable));
        if !disable {
            self.set(signal::TX_FAULT, false);
        }
    }

    pub(crate) fn probe_phy(&self) -> Result {
        self.log.add(Event::Phy);
        if self.fails(&self.no_phy) {
            return Err(ENODEV);
        }
        Ok(())
    }

    pub(crate) fn module_insert(&self) -> Result {
        self.log.add(Event::Insert);
        Ok(())
    }

    pub(crate) fn module_remove(&self) {
        self.log.add(Event::Remove);
    }

    pub(crate) fn module_start(&self) -> Result {
        self.log.add(Event::Start);
        Ok(())
    }

    pub(crate) fn module_stop(&self) {
        self.log.add(Event::Stop);
    }

    pub(crate) fn link_up(&self) {
        self.log.add(Event::LinkUp);
    }

    pub(crate) fn link_down(&self) {
        self.log.add(Event::LinkDown);
    }
}
