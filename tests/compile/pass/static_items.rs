// SPDX-License-Identifier: GPL-2.0

//! Static items: paths and aliases of types, attributes, visibility, several at once, and all that is done with them.

use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::workqueue::{self, declare_work, Disabled, Queue, WorkHandle};

include!("module.rs");

mod types {
    use super::*;
    use kernel::workqueue::{impl_has_work, Work, WorkItem};

    pub(crate) struct Rescan {
        pub(crate) scans: Atomic<u32>,
        pub(crate) work: Work<Rescan, 3>,
        pub(crate) name: &'static CStr,
    }

    impl_has_work! {
        impl HasWork<Self, 3> for Rescan { self.work }
    }

    impl WorkItem<3> for Rescan {
        type Pointer = &'static Rescan;

        fn run(this: &'static Rescan) {
            this.scans.add(1, Relaxed);
        }
    }
}

type Alias = types::Rescan;

declare_work! {
    /// With a comment, and without a comma in the end.
    static FIRST: types::Rescan { work: "FIRST", scans: Atomic::new(0), name: c"first" };

    #[expect(non_upper_case_globals)]
    pub(crate) static second: Alias { work: "SECOND", name: c"second", scans: Atomic::new({ 1 + 1 }), };
}

pub struct Owner {
    _first: WorkHandle<&'static Alias, 3>,
}

pub fn enqueue(queue: &Queue) -> Result<Owner> {
    queue.enqueue(&FIRST)?;
    if let Err(refused) = workqueue::system_dfl().enqueue(&second) {
        pr_info!("{:?}: {:?}\n", refused.error, refused.item.name);
    }
    Ok(Owner { _first: WorkHandle::new(&FIRST) })
}

pub fn stop() -> bool {
    let canceled = FIRST.work.cancel().or(FIRST.work.cancel_sync());
    let disabled = Disabled::new_sync(&second);
    let item: &'static Alias = disabled.enable();
    item.work.flush() || item.work.is_pending() || item.work.is_busy() || canceled.or(item.work.stop()).is_some()
}
