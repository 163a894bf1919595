//! rayprism, in this copy of rayon: what the hooks in it call. The recorder itself, and what says
//! which thread is which, is in the copy of rayon-core.

#![allow(private_interfaces, unreachable_pub, clippy::all)]

mod consumer;

use std::panic::Location;

use crate::iter::plumbing::Consumer;

use self::consumer::{Finished, PartConsumer};

/// Drives a consumer of an iterator whose producer is `P`.
#[inline]
#[track_caller]
pub(crate) fn drive<P, T, C: Consumer<T>>(
    consumer: C,
    drive: impl FnOnce(PartConsumer<'_, '_, C>) -> Finished<C::Result>,
) -> C::Result {
    rayon_core::rayprism::driven::<P, C, _>(Location::caller(), |open| {
        drive(PartConsumer::new(consumer, open)).value
    })
}
