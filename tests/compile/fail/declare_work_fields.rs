// SPDX-License-Identifier: GPL-2.0

//! The fields of a static item are those of its type, and the first one is its work.

include!("static_item.rs");

declare_work! {
    static NO_WORK: Item { value: "NO_WORK" }; //~ E0308 //~ E0308 //~ E0063
}

declare_work! {
    static MISSING: Item { work: "MISSING" }; //~ E0063
}

declare_work! {
    static WRONG_TYPE: Item { work: "WRONG_TYPE", value: -1i64 }; //~ E0308
}

declare_work! {
    static TWICE: Item { work: "TWICE", value: 1, work: TWICE.work }; //~ E0062
}

declare_work! {
    static UNKNOWN: Item { work: "UNKNOWN", value: 1, other: 1 }; //~ E0560
}
