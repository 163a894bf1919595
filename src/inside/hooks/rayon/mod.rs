//! rayprism, in this copy of rayon: what the hooks in it call. The recorder itself, and what says
//! which thread is which, is in the copy of rayon-core.

#![allow(private_interfaces, unreachable_pub, clippy::all)]

mod part;

use rayon_core::rayprism::record::Call;

pub(crate) use self::part::{Counted, Part};

use self::part::Recorded;

/// Drives an iterator that is recorded whole.
#[cold]
#[inline(never)]
pub(crate) fn recorded<R>(
    call: &Call<'_>,
    drive: impl FnOnce(Recorded<'_, '_>) -> R,
) -> R {
    rayon_core::rayprism::driven(call, |open| {
        drive(Recorded { run: open.run(), half: open.root() })
    })
}
