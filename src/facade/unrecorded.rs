//! What the facade adds to rayon, where recording is not compiled in: it does nothing.

use crate::session::Session;

/// Runs `f`.
pub fn region<R>(_name: &str, f: impl FnOnce() -> R) -> R {
    f()
}

/// Names parallel iterators, which does nothing without the feature `record`.
pub trait Labelled: rayon::iter::ParallelIterator {
    /// The iterator as it is.
    fn labelled(self, _label: impl Into<std::sync::Arc<str>>) -> Self {
        self
    }
}

impl<I: rayon::iter::ParallelIterator> Labelled for I {}

/// The hook for a stock rayon builder, which does nothing without the feature `record`.
pub trait Profiled: Sized {
    /// The builder as it is.
    fn profiled(self, session: &Session) -> Self;

    /// The builder with that start handler.
    fn profiled_with<H>(self, session: &Session, start_handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static;
}

impl<S> Profiled for rayon::ThreadPoolBuilder<S> {
    fn profiled(self, _session: &Session) -> Self {
        self
    }

    fn profiled_with<H>(self, _session: &Session, start_handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static,
    {
        self.start_handler(start_handler)
    }
}
