// SPDX-License-Identifier: GPL-2.0

//! A line on which bytes come, DMA that writes them to a ring, and a tty.

use crate::{
    checks::Log,
    Port, //
};
use kernel::{
    device::{
        Bound,
        Device, //
    },
    devres::Devres,
    impl_has_hr_timer,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc,
        ArcBorrow, //
    },
    time::{
        hrtimer::{
            ArcHrTimerHandle,
            HrTimer,
            HrTimerCallback,
            HrTimerCallbackContext,
            HrTimerPointer,
            HrTimerRestart,
            RelativeMode, //
        },
        Delta,
        Monotonic, //
    },
};

const SIZE: usize = 128;

/// How many bytes come between two interrupts.
pub(crate) const BURST: usize = 4;

/// The time between them, if the clock is fine enough for that.
const INTERVAL: Delta = Delta::from_millis(5);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Event {
    Interrupt,
    Delayed,
    Refused,
    Unbound,
    Pushed,
}

/// The ring, with one writer and one reader.
pub(crate) struct Dma {
    ring: [Atomic<u32>; SIZE],
    written: Atomic<usize>,
    taken: Atomic<usize>,
}

impl Dma {
    pub(crate) fn new() -> Self {
        Self {
            ring: core::array::from_fn(|_| Atomic::new(0)),
            written: Atomic::new(0),
            taken: Atomic::new(0),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.written.load(Acquire) - self.taken.load(Acquire)
    }

    pub(crate) fn is_half_full(&self) -> bool {
        self.len() >= SIZE / 2
    }

    /// Returns whether there was room. Otherwise the other side is told to wait.
    fn write(&self, byte: u8) -> bool {
        let written = self.written.load(Relaxed);

        if self.len() == SIZE {
            return false;
        }
        self.ring[written % SIZE].store(byte.into(), Relaxed);
        self.written.store(written + 1, Release);
        true
    }

    pub(crate) fn take(&self) -> Option<u8> {
        let taken = self.taken.load(Relaxed);

        if self.len() == 0 {
            return None;
        }
        let byte = self.ring[taken % SIZE].load(Relaxed);
        self.taken.store(taken + 1, Release);
        Some(byte as u8)
    }
}

/// Expects the bytes 0, 1, 2 and so on.
#[pin_data]
pub(crate) struct Tty {
    inserted: Atomic<usize>,
    pushed: Atomic<usize>,
    pub(crate) wrong: Atomic<usize>,
    #[pin]
    pub(crate) log: Log<Event>,
}

impl Tty {
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            inserted: Atomic::new(0),
            pushed: Atomic::new(0),
            wrong: Atomic::new(0),
            log <- Log::new(),
        })
    }

    pub(crate) fn insert(&self, byte: u8) {
        if self.inserted.fetch_add(1, Relaxed) as u8 != byte {
            self.wrong.add(1, Relaxed);
        }
    }

    pub(crate) fn push(&self) {
        self.log.add(Event::Pushed);
        self.pushed.store(self.inserted.load(Relaxed), Release);
    }

    pub(crate) fn received(&self) -> usize {
        self.pushed.load(Acquire)
    }
}

/// The line. Its timer expires in hardirq context.
#[pin_data]
pub(crate) struct Line {
    port: Devres<Port>,
    dma: Arc<Dma>,
    tty: Arc<Tty>,
    /// How many bytes are to be sent, and how many have been.
    total: Atomic<usize>,
    sent: Atomic<usize>,
    #[pin]
    timer: HrTimer<Self>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Line {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl Line {
    pub(crate) fn new(port: Devres<Port>, dma: Arc<Dma>, tty: Arc<Tty>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                port,
                dma,
                tty,
                total: Atomic::new(0),
                sent: Atomic::new(0),
                timer <- HrTimer::new(),
            }),
            GFP_KERNEL,
        )
    }

    pub(crate) fn port<'a>(&'a self, dev: &'a Device<Bound>) -> Result<&'a Port> {
        self.port.access(dev)
    }

    /// Starts sending. Stops when the handle is dropped.
    pub(crate) fn start(line: &Arc<Self>) -> ArcHrTimerHandle<Self> {
        line.clone().start(INTERVAL)
    }

    /// Sends more bytes.
    pub(crate) fn send(&self, count: usize) {
        self.total.add(count, Relaxed);
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.sent.load(Relaxed) == self.total.load(Relaxed)
    }

    fn interrupt(&self) {
        let sent = self.sent.load(Relaxed);
        let count = BURST.min(self.total.load(Relaxed) - sent);
        let written = (sent..sent + count)
            .take_while(|n| self.dma.write(*n as u8))
            .count();

        if written > 0 {
            self.tty.log.add(Event::Interrupt);
            let outcome = match self.port.try_access().map(|port| port.interrupt()) {
                Some(Ok(())) => Event::Delayed,
                Some(Err(_)) => Event::Refused,
                None => Event::Unbound,
            };
            self.tty.log.add(outcome);
            self.sent.add(written, Relaxed);
        }
    }
}

impl HrTimerCallback for Line {
    type Pointer<'a> = Arc<Self>;

    fn run(
        this: ArcBorrow<'_, Self>,
        mut context: HrTimerCallbackContext<'_, Self>,
    ) -> HrTimerRestart {
        this.interrupt();
        context.forward_now(INTERVAL);
        HrTimerRestart::Restart
    }
}
