// SPDX-License-Identifier: GPL-2.0

//! A message that comes bit by bit; one that is longer than the ring; one while the port is
//! suspended; and one while the device is unbound.

use crate::{
    checks::{
        Checks,
        Time, //
    },
    fake::{
        Dma,
        Event,
        Line,
        Tty,
        BURST, //
    },
    Port,
    IDLE, //
};
use kernel::{
    device::{
        Bound,
        Device, //
    },
    faux,
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

/// After so long a pause, an item that is delayed by [`IDLE`] may be executed.
const PAUSE: Delta = Delta::from_millis(40);

fn count(tty: &Tty, event: Event) -> usize {
    tty.log.count(|e| e == event)
}

/// Returns how often the line seemed to be idle while it was not: when this machine was too busy.
fn pauses(tty: &Tty) -> usize {
    let time = |event: &(Time, Event)| {
        let busy = matches!(event.1, Event::Interrupt | Event::Delayed);
        busy.then_some(event.0)
    };

    tty.log.read(|events| {
        let times = events.iter().filter_map(time);
        let later = times.clone().skip(1);
        times.zip(later).filter(|(a, b)| *b - *a >= PAUSE).count()
    })
}

pub(crate) fn run(checks: &mut Checks) -> Result {
    let tty = Arc::pin_init(Tty::new(), GFP_KERNEL)?;
    let dma = Arc::new(Dma::new(), GFP_KERNEL)?;
    let registration = faux::Registration::new(c"uart", None)?;
    let dev: &Device<Bound> = registration.as_ref().as_ref();

    let port = Port::probe(dev, dma.clone(), tty.clone())?;
    let line = Line::new(port, dma.clone(), tty.clone())?;
    let sending = Line::start(&line);

    // Less than half of the ring, and its last burst is not full.
    let mut total = 14 * BURST + 3;
    line.send(total);
    checks.wait("a short message is received", || tty.received() == total)?;
    checks.equal(
        "each burst has interrupted",
        count(&tty, Event::Interrupt),
        15,
    )?;
    checks.that(
        "it is pushed once, when the line is idle",
        count(&tty, Event::Pushed) <= 1 + pauses(&tty),
    )?;
    checks.equal(
        "the last thing is that push",
        tty.log.last(),
        Some(Event::Pushed),
    )?;

    // The line is not idle before the ring is full.
    total += 300;
    line.send(300);
    checks.wait("a long message is received", || tty.received() == total)?;
    checks.that("no interrupt was refused", count(&tty, Event::Refused) == 0)?;
    checks.that(
        "it does not wait for the line to be idle",
        count(&tty, Event::Pushed) > 3,
    )?;

    // The device is suspended while a message comes.
    line.send(3 * BURST);
    checks.wait("a third message begins", || {
        dma.len() > 0 || tty.received() > total
    })?;
    total += 3 * BURST;
    line.port(dev)?.suspend();
    let received = tty.received();
    line.send(2 * BURST);
    total += 2 * BURST;
    checks.wait("the message has been sent", || line.is_silent())?;
    checks.that(
        "interrupts are refused meanwhile",
        count(&tty, Event::Refused) >= 2,
    )?;
    fsleep(IDLE + Delta::from_millis(20));
    checks.equal("nothing is received meanwhile", tty.received(), received)?;
    line.port(dev)?.resume()?;
    checks.wait("what has come is received then", || tty.received() == total)?;

    // And unbound.
    line.send(3 * BURST);
    checks.wait("a last message begins", || {
        dma.len() > 0 || tty.received() > total
    })?;
    drop(registration);
    line.send(BURST);
    let end = count(&tty, Event::Pushed);
    checks.wait("interrupts that are too late find no port", || {
        count(&tty, Event::Unbound) > 0
    })?;
    fsleep(IDLE + Delta::from_millis(20));
    checks.equal(
        "nothing is pushed any more",
        count(&tty, Event::Pushed),
        end,
    )?;
    checks.equal("no byte was lost or moved", tty.wrong.load(Relaxed), 0)?;

    drop(sending);
    drop(line);
    checks.released("the receiver has gone from the ring", dma)?;
    checks.released("and from the tty", tty)
}
