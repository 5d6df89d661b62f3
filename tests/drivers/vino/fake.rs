// SPDX-License-Identifier: GPL-2.0

//! The other side of a cable.

use crate::SIZE;
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Item {
    Frame,
    Encode,
    Send,
    Recover,
    Keepalive,
    Hotplug,
}

pub(crate) struct Usb {
    runs: [Atomic<u32>; 6],
    pub(crate) connected: Atomic<bool>,
    /// The next transfer fails.
    pub(crate) error: Atomic<bool>,
    broken: Atomic<bool>,
    pub(crate) good: Atomic<u32>,
    pub(crate) wrong: Atomic<u32>,
}

impl Usb {
    pub(crate) fn new() -> Self {
        Self {
            runs: core::array::from_fn(|_| Atomic::new(0)),
            connected: Atomic::new(false),
            error: Atomic::new(false),
            broken: Atomic::new(false),
            good: Atomic::new(0),
            wrong: Atomic::new(0),
        }
    }

    pub(crate) fn runs(&self, item: Item) {
        self.runs[item as usize].add(1, Relaxed);
    }

    /// How often each item has been executed.
    pub(crate) fn counts(&self) -> [u32; 6] {
        core::array::from_fn(|i| self.runs[i].load(Relaxed))
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connected.load(Relaxed)
    }

    pub(crate) fn pixel(frame: u32, index: usize) -> u8 {
        (frame as usize * 31 + index * 7) as u8
    }

    pub(crate) fn encode(pixel: u8) -> u8 {
        pixel.rotate_left(3) ^ 0x5a
    }

    /// Takes a frame, unless the transfer fails. After that, none is taken before a restart.
    pub(crate) fn send(&self, number: u32, encoded: &[u8]) -> Result {
        if self.error.xchg(false, Relaxed) {
            self.broken.store(true, Relaxed);
        }
        if self.broken.load(Relaxed) {
            return Err(EPIPE);
        }

        let right = |(index, byte): (usize, &u8)| *byte == Self::encode(Self::pixel(number, index));
        if encoded.len() == SIZE && encoded.iter().enumerate().all(right) {
            self.good.add(1, Relaxed);
        } else {
            self.wrong.add(1, Relaxed);
        }
        Ok(())
    }

    pub(crate) fn restart(&self) {
        self.broken.store(false, Relaxed);
    }
}
