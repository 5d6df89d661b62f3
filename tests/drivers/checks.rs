// SPDX-License-Identifier: GPL-2.0

//! What the scenarios of the drivers have in common: checks, waiting, and a log of what happened.

use kernel::{
    fmt::Debug,
    prelude::*,
    sync::{
        new_spinlock_irq,
        Arc,
        SpinLockIrq, //
    },
    time::{
        delay::fsleep,
        Delta,
        Instant,
        Monotonic, //
    },
};

/// How long anything is waited for.
const LIMIT: Delta = Delta::from_secs(10);

/// A delay is counted in jiffies, of which the first one has begun already.
const JIFFY: Delta = Delta::from_millis(10);

/// How many events a log can take.
const CAPACITY: usize = 2048;

/// What a scenario has checked.
pub(crate) struct Checks {
    passed: u32,
    failed: bool,
}

#[allow(dead_code)]
impl Checks {
    /// Runs a scenario and prints its outcome.
    pub(crate) fn run(scenario: fn(&mut Self) -> Result) -> Result {
        let mut checks = Self {
            passed: 0,
            failed: false,
        };
        let result = scenario(&mut checks);

        match result {
            Ok(()) => pr_info!("passed {}\n", checks.passed),
            Err(error) if !checks.failed => pr_err!("FAILED with {:?}\n", error),
            Err(_) => (),
        }
        result
    }

    fn count(&mut self, ok: bool) -> Result {
        if ok {
            self.passed += 1;
            Ok(())
        } else {
            self.failed = true;
            Err(EINVAL)
        }
    }

    /// Checks that something is true.
    pub(crate) fn that(&mut self, what: &str, ok: bool) -> Result {
        if !ok {
            pr_err!("FAILED {}\n", what);
        }
        self.count(ok)
    }

    /// Checks that something has the value that it should have.
    pub(crate) fn equal<T: PartialEq + Debug>(&mut self, what: &str, is: T, should: T) -> Result {
        let ok = is == should;

        if !ok {
            pr_err!("FAILED {}: is {:?}, should be {:?}\n", what, is, should);
        }
        self.count(ok)
    }

    /// Waits until something is true, and checks that it has become so in time.
    pub(crate) fn wait(&mut self, what: &str, until: impl Fn() -> bool) -> Result {
        let start = Instant::<Monotonic>::now();
        let mut ok = until();

        while !ok && start.elapsed() < LIMIT {
            fsleep(Delta::from_millis(1));
            ok = until();
        }
        self.that(what, ok)
    }

    /// Checks that nothing but the caller has a thing that all parts of a driver have.
    pub(crate) fn released<T>(&mut self, what: &str, thing: Arc<T>) -> Result {
        self.that(what, Arc::into_unique_or_drop(thing).is_some())
    }
}

/// When something happened.
pub(crate) type Time = Instant<Monotonic>;

/// Returns whether a delay has passed between two events.
#[allow(dead_code)]
pub(crate) fn apart(earlier: Time, later: Time, delay: Delta) -> bool {
    (later - earlier) + JIFFY >= delay
}

/// What happened, in order. Can be added to in any context but NMI.
#[pin_data]
pub(crate) struct Log<E> {
    #[pin]
    events: SpinLockIrq<KVec<(Time, E)>>,
}

#[allow(dead_code)]
impl<E: Copy + PartialEq> Log<E> {
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        let events = KVec::with_capacity(CAPACITY, GFP_KERNEL).map_err(Error::from);

        try_pin_init!(Self {
            events <- new_spinlock_irq!(events?, "Log::events"),
        })
    }

    pub(crate) fn add(&self, event: E) {
        // What does not fit is missed by the checks.
        let _ = self
            .events
            .lock()
            .push_within_capacity((Instant::now(), event));
    }

    pub(crate) fn len(&self) -> usize {
        self.events.lock().len()
    }

    /// Looks at the events. Their number does not change meanwhile.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&[(Time, E)]) -> R) -> R {
        look(&self.events.lock())
    }

    pub(crate) fn last(&self) -> Option<E> {
        self.read(|events| events.last().map(|(_, event)| *event))
    }

    pub(crate) fn has(&self, event: E) -> bool {
        self.count(|e| e == event) > 0
    }

    pub(crate) fn count(&self, select: impl Fn(E) -> bool) -> usize {
        self.read(|events| events.iter().filter(|(_, event)| select(*event)).count())
    }
}
