// SPDX-License-Identifier: GPL-2.0

//! Frames are sent, one of them with an error, and the device is unbound, with the items stopped in
//! different orders.

use crate::{
    checks::Checks,
    fake::{
        Item::{
            self,
            *, //
        },
        Usb, //
    },
    Bound,
    ENCODE,
    FRAME,
    HOTPLUG,
    KEEPALIVE,
    RECOVER,
    SEND, //
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
    workqueue::system_percpu, //
};

/// Each item is the first of them, and the last, at least once.
const ORDERS: [[Item; 6]; 7] = [
    [Frame, Encode, Send, Recover, Keepalive, Hotplug],
    [Hotplug, Keepalive, Recover, Send, Encode, Frame],
    [Encode, Hotplug, Frame, Keepalive, Send, Recover],
    [Send, Frame, Recover, Hotplug, Encode, Keepalive],
    [Recover, Encode, Keepalive, Frame, Hotplug, Send],
    [Keepalive, Send, Hotplug, Encode, Recover, Frame],
    [Send, Recover, Frame, Keepalive, Hotplug, Encode],
];

pub(crate) fn run(checks: &mut Checks) -> Result {
    for order in ORDERS {
        once(checks, order)?;
    }

    // All at once, in the order of the fields.
    let usb = Arc::new(Usb::new(), GFP_KERNEL)?;
    drop(Bound::probe(usb.clone())?);
    checks.released("a driver that has just been bound is gone", usb)
}

fn once(checks: &mut Checks, order: [Item; 6]) -> Result {
    let usb = Arc::new(Usb::new(), GFP_KERNEL)?;
    let bound = Bound::probe(usb.clone())?;
    let count = |item: Item| usb.counts()[item as usize];

    checks.wait("the driver looks for a display", || count(Hotplug) > 1)?;
    checks.equal("and draws nothing without one", count(Encode), 0)?;
    usb.connected.store(true, Relaxed);
    checks.wait("frames are sent to a display", || {
        usb.good.load(Relaxed) > 2
    })?;
    usb.error.store(true, Relaxed);
    checks.wait("an error is noticed", || count(Recover) > 0)?;
    let good = usb.good.load(Relaxed);
    checks.wait("frames are sent after that", || {
        usb.good.load(Relaxed) > good + 2
    })?;
    checks.wait("the other side hears from this one", || {
        count(Keepalive) > 2
    })?;
    checks.equal("no frame was encoded wrongly", usb.wrong.load(Relaxed), 0)?;

    // The device is unbound. All of the items are on their way.
    let vino = bound.draw.pointer();
    let (mut draw, mut encode, mut send) = (Some(bound.draw), Some(bound.encode), Some(bound.send));
    let (mut recover, mut keepalive) = (Some(bound.recover), Some(bound.keepalive));
    let mut hotplug = Some(bound.hotplug);
    for item in order {
        match item {
            Frame => draw = None,
            Encode => encode = None,
            Send => send = None,
            Recover => recover = None,
            Keepalive => keepalive = None,
            Hotplug => hotplug = None,
        }
        let before = count(item);
        fsleep(Delta::from_millis(1));
        checks.equal(
            "an item does not run when it has been stopped",
            count(item),
            before,
        )?;
    }
    drop((draw, encode, send, recover, keepalive, hotplug));

    let end = usb.counts();
    fsleep(Delta::from_millis(30));
    checks.that("nothing runs after that", usb.counts() == end)?;
    checks.that(
        "no item is on its way",
        !(vino.draw.is_busy()
            || vino.encode.is_busy()
            || vino.send.is_busy()
            || vino.recover.is_busy()
            || vino.keepalive.is_busy()
            || vino.hotplug.is_busy()),
    )?;
    let refused = [
        system_percpu().enqueue::<_, FRAME>(vino.clone()).is_err(),
        system_percpu().enqueue::<_, ENCODE>(vino.clone()).is_err(),
        system_percpu().enqueue::<_, SEND>(vino.clone()).is_err(),
        system_percpu().enqueue::<_, RECOVER>(vino.clone()).is_err(),
        system_percpu()
            .enqueue::<_, KEEPALIVE>(vino.clone())
            .is_err(),
        system_percpu().enqueue::<_, HOTPLUG>(vino.clone()).is_err(),
    ];
    checks.equal("each of them is refused", refused, [true; 6])?;
    drop(vino);
    checks.released("all of the driver is gone", usb)
}
