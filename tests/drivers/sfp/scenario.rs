// SPDX-License-Identifier: GPL-2.0

//! An optical module that needs much power, in a cage without interrupts; and a copper one with a
//! PHY, in a cage with interrupts, whose faults have to be read from the module.

use crate::{
    checks::{
        apart,
        Checks, //
    },
    fake::{
        Cage,
        Event::{
            self,
            *, //
        }, //
    },
    signal,
    Id,
    Link,
    Los,
    Module,
    Socket,
    T_FAULT_RECOVER,
    T_HPOWER_LEVEL,
    T_PHY_RETRY,
    T_PROBE_RETRY_INIT,
    T_WAIT, //
};
use kernel::{
    prelude::*,
    sync::{
        atomic::Relaxed,
        Arc, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
};

/// Checks that these are the events since `start`.
///
/// If this machine is so busy that the driver learns too late that a fault is over, it tries to
/// clear that once more. This does not count.
fn events(checks: &mut Checks, cage: &Cage, start: usize, expected: &[Event]) -> Result {
    let mut found = KVec::with_capacity(cage.log.len(), GFP_KERNEL)?;

    cage.log.read(|events| {
        for (_, event) in events.iter().skip(start) {
            let _ = found.push_within_capacity(*event);
        }
    });
    while let Some(again) = found
        .windows(4)
        .position(|events| *events == [Tx(false), Tx(true), Tx(false), Tx(true)])
    {
        let _ = found.remove(again);
        let _ = found.remove(again);
    }
    checks.equal("what the driver has done", found.as_slice(), expected)
}

/// Returns whether `delay` has passed before `later`, whenever it follows upon `earlier`.
fn after(cage: &Cage, earlier: Event, later: Event, delay: Delta) -> bool {
    cage.log.read(|events| {
        events.windows(2).all(|pair| match pair {
            [(a, x), (b, y)] if *x == earlier && *y == later => apart(*a, *b, delay),
            _ => true,
        })
    })
}

fn last(cage: &Cage, event: Event) -> bool {
    cage.log.last() == Some(event)
}

pub(crate) fn run(checks: &mut Checks) -> Result {
    optical(checks)?;
    copper(checks)
}

fn optical(checks: &mut Checks) -> Result {
    let id = Id {
        power_mw: 1500,
        los: Some(Los::Normal),
        has_phy: false,
        hardware: signal::LOS | signal::TX_FAULT,
        soft: 0,
    };
    let cage = Arc::pin_init(Cage::new(), GFP_KERNEL)?;
    let socket = Socket::probe(cage.clone(), true)?;
    let link = |state: Link| socket.states().1 == state;

    checks.wait("the cage is polled", || cage.polls() > 3)?;
    socket.attach();
    socket.start();
    checks.equal("it is empty", socket.states(), (Module::Empty, Link::Down))?;

    cage.unreadable.store(2, Relaxed);
    cage.put(id, signal::LOS);
    checks.wait("a module waits for light", || link(Link::WaitLos))?;
    events(
        checks,
        &cage,
        0,
        &[Read, Read, Read, Insert, Power(true), Tx(true), Start],
    )?;
    checks.that(
        "it has time to be read",
        after(&cage, Read, Read, T_PROBE_RETRY_INIT),
    )?;
    checks.that(
        "and to get power",
        after(&cage, Power(true), Tx(true), T_HPOWER_LEVEL),
    )?;
    checks.that("and to start", after(&cage, Tx(true), Start, T_WAIT))?;

    let start = cage.log.len();
    cage.set(signal::LOS, false);
    checks.wait("there is light", || last(&cage, LinkUp))?;
    cage.set(signal::TX_FAULT, true);
    checks.wait("a fault is noticed", || cage.log.len() > start + 1)?;
    checks.wait("and over", || last(&cage, LinkUp))?;
    checks.that("nothing waits when the link is up", !socket.is_waiting())?;
    events(
        checks,
        &cage,
        start,
        &[LinkUp, LinkDown, Tx(false), Tx(true), LinkUp],
    )?;
    checks.that(
        "it takes its time",
        after(&cage, LinkDown, Tx(false), T_FAULT_RECOVER),
    )?;

    let start = cage.log.len();
    cage.set(signal::LOS, true);
    checks.wait("it gets dark", || last(&cage, LinkDown))?;
    cage.set(signal::LOS, false);
    checks.wait("and light again", || last(&cage, LinkUp))?;
    cage.pull();
    checks.wait("the module is gone", || last(&cage, Tx(false)))?;
    checks.equal(
        "the cage is empty again",
        socket.states(),
        (Module::Empty, Link::Down),
    )?;
    events(
        checks,
        &cage,
        start,
        &[LinkDown, LinkUp, Remove, LinkDown, Stop, Tx(false)],
    )?;

    // Both items are on their way when the driver goes: a new module cannot be read.
    cage.unreadable.store(u32::MAX, Relaxed);
    cage.put(id, 0);
    checks.wait("a second module is seen", || {
        socket.states().0 == Module::Probe
    })?;
    drop(socket);
    let (start, polls) = (cage.log.len(), cage.polls());
    fsleep(Delta::from_millis(350));
    checks.equal("nothing is polled after that", cage.polls(), polls)?;
    events(checks, &cage, start, &[])?;
    checks.released("the driver is gone", cage)
}

fn copper(checks: &mut Checks) -> Result {
    let id = Id {
        power_mw: 1000,
        los: Some(Los::Inverted),
        has_phy: true,
        hardware: signal::LOS,
        soft: signal::TX_FAULT,
    };
    let cage = Arc::pin_init(Cage::new(), GFP_KERNEL)?;
    cage.put(id, signal::LOS);
    let socket = Socket::probe(cage.clone(), false)?;

    checks.wait("a module is read when there is no network device", || {
        socket.states() == (Module::WaitDev, Link::Down)
    })?;
    socket.attach();
    checks.equal(
        "and ready with one",
        socket.states(),
        (Module::Present, Link::Down),
    )?;
    cage.no_phy.store(3, Relaxed);
    socket.start();
    checks.wait("the link is up when its PHY has been found", || {
        last(&cage, LinkUp)
    })?;
    events(
        checks,
        &cage,
        0,
        &[Read, Insert, Tx(true), Phy, Phy, Phy, Phy, Start, LinkUp],
    )?;
    checks.that("with some patience", after(&cage, Phy, Phy, T_PHY_RETRY))?;

    // Nothing interrupts, so it is polled.
    let start = cage.log.len();
    cage.set(signal::TX_FAULT, true);
    checks.wait("a soft fault is noticed", || cage.log.len() > start)?;
    checks.wait("and over", || last(&cage, LinkUp))?;
    events(
        checks,
        &cage,
        start,
        &[LinkDown, Tx(false), Tx(true), LinkUp],
    )?;

    let start = cage.log.len();
    socket.stop();
    socket.detach();
    checks.equal(
        "it waits for a device",
        socket.states(),
        (Module::WaitDev, Link::Down),
    )?;
    socket.attach();
    socket.start();
    checks.wait("and gets one", || last(&cage, LinkUp))?;
    events(
        checks,
        &cage,
        start,
        &[Stop, Tx(false), Insert, Tx(true), Phy, Start, LinkUp],
    )?;

    // An interrupt, just before the driver goes.
    cage.set(signal::TX_FAULT, true);
    socket.interrupt();
    checks.equal(
        "a fault waits for its end",
        socket.states().1,
        Link::TxFault,
    )?;
    drop(socket);
    checks.equal(
        "the module is switched off",
        cage.log.last(),
        Some(Tx(false)),
    )?;
    let (end, polls) = (cage.log.len(), cage.polls());
    fsleep(Delta::from_millis(150));
    checks.equal(
        "nothing happens after that",
        (cage.log.len(), cage.polls()),
        (end, polls),
    )?;
    checks.released("the driver is gone", cage)
}
