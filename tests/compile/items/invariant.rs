// SPDX-License-Identifier: GPL-2.0

// `General` is a subtype of `Special`, and both are items of their own. A program defines `Field`,
// which must be invariant.

use kernel::sync::Arc;

type General = for<'a> fn(&'a u8);
type Special = fn(&'static u8);

#[pin_data]
pub struct Item<F: 'static> {
    #[pin]
    field: Field<Item<F>>,
    data: F,
}
