// SPDX-License-Identifier: GPL-2.0

//! A module that gives task work of several types to the thread that has opened its device.
//!
//! All of it is code of this module, also where nothing in the type of the item says so. While it is
//! pending, this module must stay.

use kernel::{
    bindings,
    fs::File,
    ioctl::{_IO, _IOC_NR},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    module::this_module,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{Atomic, Relaxed},
        Arc,
    },
    task::Task,
    task_work::{self, impl_has_task_work, NotifyMode, TaskWork, TaskWorkItem},
};

module! {
    type: Owner,
    name: "task_work_owner",
    authors: ["Rust for Linux Contributors"],
    description: "Module whose code a task executes",
    license: "GPL",
}

const CLOSURE: u32 = _IO(b'|' as u32, 0xa0);
const FUNCTION: u32 = _IO(b'|' as u32, 0xa1);
const TRAIT_OBJECT: u32 = _IO(b'|' as u32, 0xa2);
const ITEM: u32 = _IO(b'|' as u32, 0xa3);
const GENERIC_ITEM: u32 = _IO(b'|' as u32, 0xa4);
/// Returns which of the above were executed, as bits, and forgets them. [`UNPINNED`] says that one of
/// them was, although there was no reference to this module.
const EXECUTED: u32 = _IO(b'|' as u32, 0xa5);

const UNPINNED: u32 = 1 << 8;

static RAN: Atomic<u32> = Atomic::new(0);

fn executed(command: u32) {
    // SAFETY: This is the module that the code is in.
    if unsafe { bindings::module_refcount(this_module::<LocalModule>().as_ptr()) } < 1 {
        RAN.fetch_add(UNPINNED, Relaxed);
    }
    RAN.fetch_add(1 << (_IOC_NR(command) & 0xf), Relaxed);
}

fn function() {
    executed(FUNCTION);
}

#[pin_data]
struct Item {
    #[pin]
    work: TaskWork<Item>,
}

impl_has_task_work! {
    impl HasTaskWork<Self> for Item { self.work }
}

#[vtable]
impl TaskWorkItem for Item {
    type Pointer = Pin<KBox<Item>>;

    fn run(_this: Pin<KBox<Item>>) {
        executed(ITEM);
    }
}

/// `T` is nothing that this module defines.
#[pin_data]
struct GenericItem<T> {
    value: T,
    #[pin]
    work: TaskWork<GenericItem<T>>,
}

impl_has_task_work! {
    impl{T} HasTaskWork<Self> for GenericItem<T> { self.work }
}

#[vtable]
impl<T: Copy + Into<u32> + Send + Sync> TaskWorkItem for GenericItem<T> {
    type Pointer = Arc<GenericItem<T>>;

    fn run(this: Arc<GenericItem<T>>) {
        executed(this.value.into());
    }
}

struct Opener(ARef<Task>);

#[vtable]
impl MiscDevice for Opener {
    type Ptr = KBox<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<KBox<Self>> {
        Ok(KBox::new(Self(ARef::from(&**current!())), GFP_KERNEL)?)
    }

    fn ioctl(me: &Self, _file: &File, cmd: u32, _arg: usize) -> Result<isize> {
        let (task, mode) = (&*me.0, NotifyMode::None);

        match cmd {
            CLOSURE => {
                task_work::try_spawn::<LocalModule, _>(task, mode, GFP_KERNEL, || executed(CLOSURE))?;
            }
            FUNCTION => {
                task_work::try_spawn::<LocalModule, fn()>(task, mode, GFP_KERNEL, function)?;
            }
            TRAIT_OBJECT => {
                let object: &'static (dyn Fn() + Sync) = &|| executed(TRAIT_OBJECT);

                task_work::try_spawn::<LocalModule, _>(task, mode, GFP_KERNEL, object)?;
            }
            ITEM => {
                let item = pin_init!(Item { work <- TaskWork::new() });

                task_work::add(task, KBox::pin_init(item, GFP_KERNEL)?, mode)?;
            }
            GENERIC_ITEM => {
                let item = pin_init!(GenericItem { value: GENERIC_ITEM, work <- TaskWork::new() });

                task_work::add(task, Arc::pin_init(item, GFP_KERNEL)?, mode)?;
            }
            EXECUTED => return Ok(RAN.xchg(0, Relaxed) as isize),
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

#[pin_data]
struct Owner {
    #[pin]
    device: MiscDeviceRegistration<Opener>,
}

impl kernel::InPlaceModule for Owner {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            device <- MiscDeviceRegistration::register(MiscDeviceOptions {
                name: c"task-work-owner",
            }),
        })
    }
}
