//! Where the program called the method of rayon's that runs on this thread: what that calls in its
//! turn, joins and iterators, is told to be there.

use std::cell::Cell;
use std::panic::Location;

type Site = Option<&'static Location<'static>>;

thread_local! {
    static SITE: Cell<Site> = const { Cell::new(None) };
}

/// Until it is dropped, another site is that of what is called on this thread; or none is.
pub struct CalledAt {
    /// The one before; `None` if nothing was changed.
    before: Option<Site>,
}

impl CalledAt {
    /// Nothing is recorded.
    pub(super) const NOWHERE: Self = Self { before: None };

    /// The program calls a method, or a method does: the outermost one is the program's.
    #[inline]
    pub(super) fn outermost(site: &'static Location<'static>) -> Self {
        let before = SITE.with(Cell::get);
        Self::within(before.or(Some(site)))
    }

    /// What is called from here on is of `site`.
    #[inline]
    pub(super) fn within(site: Site) -> Self {
        Self { before: Some(SITE.with(|cell| cell.replace(site))) }
    }
}

impl Drop for CalledAt {
    #[inline]
    fn drop(&mut self) {
        if let Some(before) = self.before {
            SITE.with(|cell| cell.set(before));
        }
    }
}

/// Where the method was called, if one was.
pub(super) fn current() -> Site {
    SITE.with(Cell::get)
}

/// The same, for what calls functions of the program's: what these call has its own sites.
#[inline]
pub(super) fn take() -> Site {
    SITE.with(Cell::take)
}
