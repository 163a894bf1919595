//! The texts that events point to: call sites, and what parallel iterators are. Each stands once in
//! the head; where an event points to it, its number stands for the reader and its text for the
//! user. A counter's name is short, and stands for both.

use crate::model::{ChainId, CounterInfo, Trace, short_location};

/// The texts of a trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Texts<'t> {
    trace: &'t Trace,
}

impl<'t> Texts<'t> {
    pub(super) fn of(trace: &'t Trace) -> Self {
        Self { trace }
    }

    /// A chain without its number.
    pub(super) fn chain(&self, chain: ChainId) -> Option<&'t str> {
        self.trace.chains.get(chain.0 as usize).map(String::as_str)
    }

    /// `INDEX DIRECTORY/FILE:LINE:COLUMN` for each call site.
    pub(super) fn sites(&self) -> impl Iterator<Item = String> {
        numbered(self.trace.sites.iter().map(|site| short_location(&site.location)))
    }

    /// `INDEX TEXT` for each chain.
    pub(super) fn chains(&self) -> impl Iterator<Item = String> {
        numbered(self.trace.chains.iter().map(String::as_str))
    }

    /// The names of the counters, in the order in which values stand.
    pub(super) fn counters(&self) -> impl Iterator<Item = &'static str> {
        let counters: &'t [CounterInfo] = &self.trace.header.kernel.counters;
        counters.iter().map(|info| info.counter.name())
    }
}

/// What stands for a call site or chain that the trace does not have.
pub(super) fn unknown(index: u32) -> String {
    format!("{index} unknown")
}

fn numbered<'a>(texts: impl Iterator<Item = &'a str>) -> impl Iterator<Item = String> {
    texts.enumerate().map(|(index, text)| format!("{index} {text}"))
}
