//! The texts that events point to: call sites, and what parallel iterators are. Each stands once in
//! the head; where an event points to it, its number stands for the reader and its text for the
//! user. A counter's name is short, and stands for both.

use std::io;

use super::text::write_json;
use crate::model::{ChainId, CounterInfo, Site, SiteId, short_location};

/// The texts of a trace, ready to be written.
#[derive(Debug)]
pub(super) struct Texts<'t> {
    sites: Vec<Vec<u8>>,
    chains: Vec<Vec<u8>>,
    names: &'t [String],
    counters: &'t [CounterInfo],
}

impl<'t> Texts<'t> {
    /// `INDEX DIRECTORY/FILE:LINE:COLUMN` for each call site, `INDEX TEXT` for each chain.
    pub(super) fn new(
        sites: &[Site],
        chains: &'t [String],
        counters: &'t [CounterInfo],
    ) -> io::Result<Self> {
        Ok(Self {
            sites: numbered(sites.iter().map(|site| short_location(&site.location)))?,
            chains: numbered(chains.iter().map(String::as_str))?,
            names: chains,
            counters,
        })
    }

    /// A chain without its number.
    pub(super) fn name(&self, chain: ChainId) -> Option<&str> {
        self.names.get(chain.0 as usize).map(String::as_str)
    }

    /// The names of the counters, in the order in which values stand.
    pub(super) fn counters(&self) -> impl Iterator<Item = &'static str> {
        self.counters.iter().map(|info| info.counter.name())
    }

    pub(super) fn write_site(&self, SiteId(site): SiteId, buffer: &mut Vec<u8>) -> io::Result<()> {
        write(&self.sites, site, buffer)
    }

    pub(super) fn write_chain(
        &self,
        ChainId(chain): ChainId,
        buffer: &mut Vec<u8>,
    ) -> io::Result<()> {
        write(&self.chains, chain, buffer)
    }
}

fn numbered<'a>(texts: impl Iterator<Item = &'a str>) -> io::Result<Vec<Vec<u8>>> {
    let json = |(index, text)| {
        let mut buffer = Vec::new();
        write_json(&mut buffer, &format!("{index} {text}")).map(|()| buffer)
    };
    texts.enumerate().map(json).collect()
}

fn write(texts: &[Vec<u8>], index: u32, buffer: &mut Vec<u8>) -> io::Result<()> {
    match texts.get(index as usize) {
        Some(text) => {
            buffer.extend_from_slice(text);
            Ok(())
        }
        None => write_json(buffer, &format!("{index} unknown")),
    }
}
