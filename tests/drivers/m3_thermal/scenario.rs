// SPDX-License-Identifier: GPL-2.0

//! It gets hot and cools down; the system is suspended; the driver is unbound while the loop runs.

use crate::{
    checks::{
        apart,
        Checks, //
    },
    fake::{
        Event,
        Smc, //
    },
    Thermal,
    MAX_RPM,
    PERIOD, //
};
use kernel::{
    device::{
        Bound,
        Device, //
    },
    faux,
    prelude::*,
    sync::Arc,
    time::{
        delay::fsleep,
        Delta, //
    },
};

fn reads(smc: &Smc) -> usize {
    smc.log.count(|event| matches!(event, Event::Read(_)))
}

/// Returns whether the fans have been set to these speeds.
fn speeds(smc: &Smc, expected: &[u32]) -> bool {
    smc.log.read(|events| {
        let speeds = events.iter().filter_map(|(_, event)| match event {
            Event::Speed(rpm) => Some(*rpm),
            _ => None,
        });
        speeds.eq(expected.iter().copied())
    })
}

/// Returns whether the loop has never looked at the sensors too early.
fn regular(smc: &Smc) -> bool {
    smc.log.read(|events| {
        let reads = events
            .iter()
            .filter(|(_, event)| matches!(event, Event::Read(_)));
        let later = reads.clone().skip(1);
        reads
            .zip(later)
            .all(|((a, _), (b, _))| apart(*a, *b, PERIOD))
    })
}

pub(crate) fn run(checks: &mut Checks) -> Result {
    let smc = Arc::pin_init(Smc::new(40_000), GFP_KERNEL)?;
    let registration = faux::Registration::new(c"m3_thermal", None)?;
    let dev: &Device<Bound> = registration.as_ref().as_ref();

    let thermal = Thermal::probe(dev, smc.clone())?;
    checks.wait("the fans are off when it is cool", || speeds(&smc, &[0]))?;
    smc.becomes(65_000);
    checks.wait("half as fast when it is warm", || {
        speeds(&smc, &[0, MAX_RPM / 2])
    })?;
    smc.becomes(90_000);
    checks.wait("as fast as they can be when it is hot", || {
        speeds(&smc, &[0, MAX_RPM / 2, MAX_RPM])
    })?;

    // A little cooler is not cool enough.
    smc.becomes(88_000);
    checks.wait("the loop looks at the sensors", || {
        smc.log.has(Event::Read(88_000))
    })?;
    smc.becomes(55_000);
    let all = [0, MAX_RPM / 2, MAX_RPM, MAX_RPM / 4];
    checks.wait("they become slower when it is much cooler", || {
        speeds(&smc, &all)
    })?;
    checks.that("the loop waits for half a second", regular(&smc))?;

    thermal.access(dev)?.suspend();
    let suspended = reads(&smc);
    fsleep(PERIOD + Delta::from_millis(50));
    checks.equal(
        "it does not run while it is suspended",
        reads(&smc),
        suspended,
    )?;
    thermal.access(dev)?.resume()?;
    checks.wait("it goes on after that", || reads(&smc) > suspended + 1)?;
    checks.equal(
        "the driver has the fans",
        smc.log.count(|e| matches!(e, Event::Manual(_))),
        1,
    )?;

    // The device is unbound. The loop is about to run again.
    drop(registration);
    checks.equal(
        "the firmware has them again",
        smc.log.last(),
        Some(Event::Manual(false)),
    )?;
    let end = smc.log.len();
    fsleep(PERIOD + Delta::from_millis(50));
    checks.equal("nothing happens after that", smc.log.len(), end)?;
    checks.that(
        "there is no access any more",
        thermal.try_access().is_none(),
    )?;
    drop(thermal);
    checks.released("the loop is gone", smc)
}
