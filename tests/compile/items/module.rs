// SPDX-License-Identifier: GPL-2.0

// The module that a program is, which `#[vtable]` and task work refer to.

pub struct Program;

impl kernel::Module for Program {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}

module! {
    type: Program,
    name: "program",
    authors: ["Rust for Linux Contributors"],
    description: "A program that is only compiled",
    license: "GPL",
}
