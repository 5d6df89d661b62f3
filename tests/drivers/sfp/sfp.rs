// SPDX-License-Identifier: GPL-2.0

//! The state machines of `drivers/net/phy/sfp.c`, with a cage and modules that are faked.
//!
//! A cage for pluggable network modules has three state machines: for the module, for the network
//! device, and for the link. Two delayed items drive them: `poll` looks at the signals of the cage,
//! and `timeout` is what a state waits for. Each enqueues the other: after probing a module, the
//! signals are looked at again at once, and what they say moves the time-out, or cancels it.
//!
//! The driver in C cancels `poll` and then `timeout`, in `sfp_cleanup` and in `sfp_shutdown`. What
//! has been cancelled can be enqueued again by the other one, so this relies on more: interrupts
//! are freed first, and on remove the machines have been reset before, after which they do not do
//! that. On shutdown nothing keeps them from it. Whether `poll` enqueues itself is up to two flags,
//! `need_poll` and `state_soft_mask`, both of which are about hardware.
//!
//! Here, each item has a [`WorkHandle`], which refuses it once it has been dropped, in any order
//! and whatever the machines do. Since the items enqueue each other, they are part of one struct
//! that is reference counted.
//!
//! Left out are hwmon, the contents of the EEPROM with its quirks, rate selection, and the lock of
//! the network configuration.

use kernel::{
    prelude::*,
    sync::{
        new_mutex,
        Arc,
        Mutex, //
    },
    time::{
        delay::udelay,
        Delta, //
    },
    workqueue::{
        impl_has_delayed_work,
        new_delayed_work,
        system_percpu,
        system_power_efficient,
        Delay,
        DelayedWork,
        WorkHandle,
        WorkItem, //
    },
};

#[path = "../checks.rs"]
mod checks;
mod fake;
mod scenario;

use fake::Cage;

/// The time that a module has to initialise its laser, after a first wait.
pub(crate) const T_WAIT: Delta = Delta::from_millis(50);
pub(crate) const T_START_UP: Delta = Delta::from_millis(300);
/// The time in which a fault may be over, and how `TX_DISABLE` clears one.
pub(crate) const T_FAULT_RECOVER: Delta = Delta::from_millis(1000);
const T_RESET: Delta = Delta::from_micros(10);
const N_FAULT_INIT: u8 = 5;
const N_FAULT: u8 = 5;
pub(crate) const T_PHY_RETRY: Delta = Delta::from_millis(50);
const R_PHY_RETRY: u8 = 25;
/// The time until a module can be read, and what is tried if that fails.
const T_SERIAL: Delta = Delta::from_millis(300);
pub(crate) const T_HPOWER_LEVEL: Delta = Delta::from_millis(300);
pub(crate) const T_PROBE_RETRY_INIT: Delta = Delta::from_millis(100);
const R_PROBE_RETRY_INIT: u8 = 10;
const T_PROBE_RETRY_SLOW: Delta = Delta::from_millis(5000);
const R_PROBE_RETRY_SLOW: u8 = 12;
const POLL_INTERVAL: Delta = Delta::from_millis(100);

/// The IDs of the items.
const POLL: u64 = 1;
const TIMEOUT: u64 = 2;

/// The signals of a cage.
pub(crate) mod signal {
    pub(crate) const PRESENT: u32 = 1 << 0;
    pub(crate) const LOS: u32 = 1 << 1;
    pub(crate) const TX_FAULT: u32 = 1 << 2;
    pub(crate) const TX_DISABLE: u32 = 1 << 3;
}

#[derive(Clone, Copy, PartialEq)]
enum Event {
    Insert,
    Remove,
    DevAttach,
    DevDetach,
    DevDown,
    DevUp,
    TxFault,
    TxClear,
    LosHigh,
    LosLow,
    Timeout,
}

/// States of the module.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) enum Module {
    Empty,
    Error,
    Probe,
    WaitDev,
    HPower,
    WaitPwr,
    Present,
}

/// States of the network device.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Dev {
    Detached,
    Down,
    Up,
}

/// States of the link.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) enum Link {
    Down,
    Fail,
    Wait,
    Init,
    InitPhy,
    InitTxFault,
    WaitLos,
    Up,
    TxFault,
    Reinit,
    TxDisable,
}

/// How a module tells that it receives nothing.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Los {
    Normal,
    Inverted,
}

/// What is in the EEPROM of a module.
#[derive(Clone, Copy)]
pub(crate) struct Id {
    pub(crate) power_mw: u32,
    pub(crate) los: Option<Los>,
    pub(crate) has_phy: bool,
    /// The signals that are wires of the cage, and those that have to be read from the module.
    pub(crate) hardware: u32,
    pub(crate) soft: u32,
}

struct Signals {
    hw_mask: u32,
    soft_mask: u32,
    state: u32,
}

struct Machines {
    module: Module,
    tries_init: u8,
    tries: u8,
    dev: Dev,
    link: Link,
    fault_retries: u8,
    phy_retries: u8,
    id: Option<Id>,
}

#[pin_data]
pub(crate) struct Sfp {
    cage: Arc<Cage>,
    /// There are no interrupts for the signals.
    need_poll: bool,
    #[pin]
    signals: Mutex<Signals>,
    #[pin]
    machines: Mutex<Machines>,
    #[pin]
    poll: DelayedWork<Self, POLL>,
    #[pin]
    timeout: DelayedWork<Self, TIMEOUT>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, POLL> for Sfp { self.poll }
    impl HasDelayedWork<Self, TIMEOUT> for Sfp { self.timeout }
}

impl WorkItem<POLL> for Sfp {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        Self::check_state(&this);

        let soft = this.signals.lock().soft_mask & (signal::LOS | signal::TX_FAULT);
        if soft != 0 || this.need_poll {
            Self::schedule_poll(&this, POLL_INTERVAL);
        }
    }
}

impl WorkItem<TIMEOUT> for Sfp {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        Self::event(&this, Event::Timeout);
    }
}

impl Sfp {
    fn schedule_poll(this: &Arc<Self>, delay: impl Delay) {
        // Refused if the driver is about to go.
        let _ = system_percpu().mod_delayed::<_, POLL>(this.clone(), delay);
    }

    fn event(this: &Arc<Self>, event: Event) {
        let machines = &mut *this.machines.lock();
        Step {
            sfp: this,
            machines,
        }
        .event(event);
    }

    fn soft_start_poll(this: &Arc<Self>, id: &Id) {
        let mut signals = this.signals.lock();

        signals.soft_mask = !signals.hw_mask & id.soft;
        if signals.soft_mask & (signal::LOS | signal::TX_FAULT) != 0 && !this.need_poll {
            Self::schedule_poll(this, POLL_INTERVAL);
        }
    }

    fn soft_stop_poll(&self) {
        self.signals.lock().soft_mask = 0;
    }

    fn state(&self) -> u32 {
        self.signals.lock().state
    }

    fn tx_disable(&self, disable: bool) {
        let mut signals = self.signals.lock();

        signals.state &= !signal::TX_DISABLE;
        if disable {
            signals.state |= signal::TX_DISABLE;
        }
        self.cage.tx_disable(disable);
    }

    fn tx_fault_reset(&self) {
        let signals = self.signals.lock();

        if signals.state & signal::TX_DISABLE == 0 {
            self.cage.tx_disable(true);
            udelay(T_RESET);
            self.cage.tx_disable(false);
        }
    }

    /// Looks at the signals. Called by interrupts, in threads, and if there are none, by `poll`.
    fn check_state(this: &Arc<Self>) {
        let mut signals = this.signals.lock();
        let mut state = this.cage.signals() & signals.hw_mask;
        if state & signal::PRESENT != 0 {
            state |= this.cage.soft_signals() & signals.soft_mask;
        }
        let changed = state ^ signals.state & !signal::TX_DISABLE;
        signals.state = state | signals.state & signal::TX_DISABLE;
        drop(signals);

        let machines = &mut *this.machines.lock();
        let mut step = Step {
            sfp: this,
            machines,
        };
        for (signal, high, low) in [
            (signal::PRESENT, Event::Insert, Event::Remove),
            (signal::TX_FAULT, Event::TxFault, Event::TxClear),
            (signal::LOS, Event::LosHigh, Event::LosLow),
        ] {
            if changed & signal != 0 {
                step.event(if state & signal != 0 { high } else { low });
            }
        }
    }
}

/// A step of the state machines, whose lock is held.
struct Step<'a> {
    sfp: &'a Arc<Sfp>,
    machines: &'a mut Machines,
}

impl Step<'_> {
    fn event(&mut self, event: Event) {
        self.device(event);
        self.module(event);
        self.link(event);
    }

    fn set_timer(&self, timeout: Option<Delta>) {
        if let Some(timeout) = timeout {
            // Refused if the driver is about to go.
            let _ = system_power_efficient().mod_delayed::<_, TIMEOUT>(self.sfp.clone(), timeout);
        } else {
            drop(self.sfp.timeout.cancel());
        }
    }

    fn module_next(&mut self, state: Module, timeout: Option<Delta>) {
        self.machines.module = state;
        self.set_timer(timeout);
    }

    fn link_next(&mut self, state: Link, timeout: Option<Delta>) {
        self.machines.link = state;
        self.set_timer(timeout);
    }

    /// Follows the state of the network device.
    fn device(&mut self, event: Event) {
        self.machines.dev = match (self.machines.dev, event) {
            (Dev::Detached, Event::DevAttach) => Dev::Down,
            (Dev::Down | Dev::Up, Event::DevDetach) => Dev::Detached,
            (Dev::Down, Event::DevUp) => Dev::Up,
            (Dev::Up, Event::DevDown) => Dev::Down,
            (state, _) => state,
        };
    }

    fn power_mw(&self) -> u32 {
        self.machines.id.map_or(0, |id| id.power_mw)
    }

    /// Follows the module in the cage, reads its EEPROM, and sets its power level.
    fn module(&mut self, event: Event) {
        let cage = &self.sfp.cage;

        if event == Event::Remove {
            if self.machines.module > Module::WaitDev {
                cage.module_remove();
            }
            self.machines.id = None;
            return self.module_next(Module::Empty, None);
        }
        if self.machines.dev < Dev::Down && self.machines.module > Module::WaitDev {
            if self.power_mw() > 1000 && self.machines.module > Module::HPower {
                let _ = cage.high_power(false);
            }
            return self.module_next(Module::WaitDev, None);
        }

        match self.machines.module {
            Module::Empty if event == Event::Insert => {
                self.module_next(Module::Probe, Some(T_SERIAL));
                self.machines.tries_init = R_PROBE_RETRY_INIT;
                self.machines.tries = R_PROBE_RETRY_SLOW;
            }
            Module::Probe if event == Event::Timeout => self.module_probe(),
            Module::WaitDev => self.module_wait_dev(),
            Module::HPower => self.module_high_power(),
            Module::WaitPwr if event == Event::Timeout => self.module_next(Module::Present, None),
            _ => (),
        }
    }

    fn module_probe(&mut self) {
        let machines = &mut *self.machines;

        match self.sfp.cage.read() {
            Ok(id) => machines.id = Some(id),
            Err(EAGAIN) if machines.tries_init > 1 => {
                machines.tries_init -= 1;
                return self.set_timer(Some(T_PROBE_RETRY_INIT));
            }
            Err(EAGAIN) if machines.tries > 1 => {
                machines.tries_init = 0;
                machines.tries -= 1;
                return self.set_timer(Some(T_PROBE_RETRY_SLOW));
            }
            Err(_) => return self.module_next(Module::Error, None),
        }
        let hardware = machines.id.map_or(0, |id| id.hardware);
        self.sfp.signals.lock().hw_mask = signal::PRESENT | hardware;

        // There are more signals now.
        Sfp::schedule_poll(self.sfp, Delta::from_jiffies(1));
        self.module_next(Module::WaitDev, None);
        self.module_wait_dev();
    }

    fn module_wait_dev(&mut self) {
        if self.machines.dev < Dev::Down {
            return;
        }
        if self.sfp.cage.module_insert().is_err() {
            return self.module_next(Module::Error, None);
        }
        if self.power_mw() <= 1000 {
            return self.module_next(Module::Present, None);
        }
        self.module_next(Module::HPower, None);
        self.module_high_power();
    }

    fn module_high_power(&mut self) {
        match self.sfp.cage.high_power(true) {
            Ok(()) => self.module_next(Module::WaitPwr, Some(T_HPOWER_LEVEL)),
            Err(EAGAIN) => self.set_timer(Some(T_PROBE_RETRY_INIT)),
            Err(_) => {
                self.sfp.cage.module_remove();
                self.module_next(Module::Error, None);
            }
        }
    }

    /// Brings up the link when module and network device are ready, and recovers from faults.
    fn link(&mut self, event: Event) {
        let sfp = self.sfp;
        let ready = self.machines.module == Module::Present && self.machines.dev == Dev::Up;
        let fault = sfp.state() & signal::TX_FAULT != 0;

        if !ready {
            return self.link_stop();
        }
        match self.machines.link {
            Link::Down => {
                if let Some(id) = &self.machines.id {
                    Sfp::soft_start_poll(sfp, id);
                }
                sfp.tx_disable(false);
                self.machines.fault_retries = N_FAULT_INIT;
                // `TX_FAULT` means nothing before.
                self.link_next(Link::Wait, Some(T_WAIT));
            }
            Link::Wait if event == Event::Timeout && fault => {
                self.link_next(Link::Init, Some(T_START_UP - T_WAIT));
            }
            Link::Wait if event == Event::Timeout => self.link_init_done(),
            Link::Init if event == Event::Timeout && fault => self.link_fault(Link::InitTxFault),
            Link::Init if matches!(event, Event::Timeout | Event::TxClear) => self.link_init_done(),
            Link::InitPhy if event == Event::Timeout => self.link_probe_phy(),
            Link::InitTxFault if event == Event::Timeout => {
                sfp.tx_fault_reset();
                self.link_next(Link::Init, Some(T_START_UP));
            }
            Link::WaitLos if event == Event::TxFault => self.link_fault(Link::TxFault),
            Link::WaitLos if self.los_ends(event) => self.link_up(),
            Link::Up if event == Event::TxFault => {
                sfp.cage.link_down();
                self.link_fault(Link::TxFault);
            }
            Link::Up if self.los_begins(event) => {
                sfp.cage.link_down();
                self.link_next(Link::WaitLos, None);
            }
            Link::TxFault if event == Event::Timeout => {
                sfp.tx_fault_reset();
                self.link_next(Link::Reinit, Some(T_START_UP));
            }
            Link::Reinit if event == Event::Timeout && fault => self.link_fault(Link::TxFault),
            Link::Reinit if matches!(event, Event::Timeout | Event::TxClear) => {
                self.link_check_los()
            }
            _ => (),
        }
    }

    fn link_stop(&mut self) {
        let cage = &self.sfp.cage;

        if self.machines.link == Link::Down {
            return;
        }
        if self.machines.link == Link::Up && self.machines.dev == Dev::Up {
            cage.link_down();
        }
        if self.machines.link > Link::Init {
            cage.module_stop();
        }
        self.sfp.tx_disable(true);
        self.sfp.soft_stop_poll();
        self.link_next(Link::Down, None);
    }

    fn link_init_done(&mut self) {
        self.machines.phy_retries = R_PHY_RETRY;
        self.link_probe_phy();
    }

    fn link_probe_phy(&mut self) {
        if self.machines.id.is_some_and(|id| id.has_phy) {
            match self.sfp.cage.probe_phy() {
                Err(ENODEV) if self.machines.phy_retries > 1 => {
                    self.machines.phy_retries -= 1;
                    return self.link_next(Link::InitPhy, Some(T_PHY_RETRY));
                }
                // It works without.
                Ok(()) | Err(ENODEV) => (),
                Err(_) => return self.link_next(Link::Fail, None),
            }
        }
        if self.sfp.cage.module_start().is_err() {
            return self.link_next(Link::Fail, None);
        }
        self.link_check_los();
        self.machines.fault_retries = N_FAULT;
    }

    fn link_up(&mut self) {
        self.sfp.cage.link_up();
        self.link_next(Link::Up, None);
    }

    fn link_check_los(&mut self) {
        let high = self.sfp.state() & signal::LOS != 0;

        match self.machines.id.and_then(|id| id.los) {
            Some(Los::Normal) if high => self.link_next(Link::WaitLos, None),
            Some(Los::Inverted) if !high => self.link_next(Link::WaitLos, None),
            _ => self.link_up(),
        }
    }

    fn los_begins(&self, event: Event) -> bool {
        match self.machines.id.and_then(|id| id.los) {
            Some(Los::Normal) => event == Event::LosHigh,
            Some(Los::Inverted) => event == Event::LosLow,
            None => false,
        }
    }

    fn los_ends(&self, event: Event) -> bool {
        match self.machines.id.and_then(|id| id.los) {
            Some(Los::Normal) => event == Event::LosLow,
            Some(Los::Inverted) => event == Event::LosHigh,
            None => false,
        }
    }

    fn link_fault(&mut self, next: Link) {
        if self.machines.fault_retries == 1 {
            // It is faulty for good.
            self.machines.fault_retries = 0;
            return self.link_next(Link::TxDisable, None);
        }
        self.machines.fault_retries = self.machines.fault_retries.saturating_sub(1);
        self.link_next(next, Some(T_FAULT_RECOVER));
    }
}

/// What the driver has while its device is bound.
pub(crate) struct Socket {
    sfp: Arc<Sfp>,
    _poll: WorkHandle<Arc<Sfp>, POLL>,
    _timeout: WorkHandle<Arc<Sfp>, TIMEOUT>,
}

impl Socket {
    pub(crate) fn probe(cage: Arc<Cage>, need_poll: bool) -> Result<Self> {
        let signals = Signals {
            hw_mask: signal::PRESENT,
            soft_mask: 0,
            state: signal::TX_DISABLE,
        };
        let machines = Machines {
            module: Module::Empty,
            tries_init: 0,
            tries: 0,
            dev: Dev::Detached,
            link: Link::Down,
            fault_retries: 0,
            phy_retries: 0,
            id: None,
        };
        let sfp = Arc::pin_init(
            pin_init!(Sfp {
                cage,
                need_poll,
                signals <- new_mutex!(signals, "Sfp::signals"),
                machines <- new_mutex!(machines, "Sfp::machines"),
                poll <- new_delayed_work!("Sfp::poll"),
                timeout <- new_delayed_work!("Sfp::timeout"),
            }),
            GFP_KERNEL,
        )?;
        let this = Self {
            _poll: WorkHandle::new(sfp.clone()),
            _timeout: WorkHandle::new(sfp.clone()),
            sfp,
        };

        Sfp::check_state(&this.sfp);
        if need_poll {
            Sfp::schedule_poll(&this.sfp, POLL_INTERVAL);
        }
        Ok(this)
    }

    /// A signal has changed. In the thread of the interrupt.
    pub(crate) fn interrupt(&self) {
        Sfp::check_state(&self.sfp);
    }

    pub(crate) fn attach(&self) {
        Sfp::event(&self.sfp, Event::DevAttach);
    }

    pub(crate) fn detach(&self) {
        Sfp::event(&self.sfp, Event::DevDetach);
    }

    pub(crate) fn start(&self) {
        Sfp::event(&self.sfp, Event::DevUp);
    }

    pub(crate) fn stop(&self) {
        Sfp::event(&self.sfp, Event::DevDown);
    }

    pub(crate) fn states(&self) -> (Module, Link) {
        let machines = self.sfp.machines.lock();
        (machines.module, machines.link)
    }

    /// Returns whether a state waits for its time-out.
    pub(crate) fn is_waiting(&self) -> bool {
        let _machines = self.sfp.machines.lock();
        self.sfp.timeout.is_pending()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        Sfp::event(&self.sfp, Event::Remove);
    }
}

// The module, which drives itself.

module! {
    type: ThisDriver,
    name: "sfp",
    authors: ["Rust for Linux Contributors"],
    description: "State machines that two delayed items drive",
    license: "GPL",
}

struct ThisDriver;

impl kernel::Module for ThisDriver {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        checks::Checks::run(scenario::run)?;
        Ok(Self)
    }
}
