//! What goes into the thread's log: records, what is open, and the texts that records name.

use super::super::buffer::Record;
use super::super::clock::now;
use super::super::event;
use super::super::log::Log;
use super::super::time::Ticks;
use super::Notebook;

impl Notebook {
    /// Writes a record.
    #[inline]
    pub(in super::super) fn push(&self, record: &Record) {
        let Some(log) = self.log() else { return };
        if !log.events.push(record) {
            return break_off(log, record);
        }
        if log.events.written() >= self.squeeze_at.get() {
            self.squeeze(log);
        }
    }

    /// Something begins as a record without its end; the level that it is on.
    #[inline]
    pub(in super::super) fn enter(&self, record: &Record) -> u64 {
        self.log().map_or(0, |log| log.open.enter(record))
    }

    /// The clock of what was entered last is read: last of all, so that the bookkeeping is not in it.
    #[inline]
    pub(in super::super) fn begins(&self, level: u64) -> Ticks {
        let at = now();
        self.with_log(|log| log.open.begins(level, at.0));
        at
    }

    /// From an instant on, whoever opened it in a recording waits.
    #[inline]
    pub(in super::super) fn waits(&self, epoch: u64, level: u64, since: Ticks) {
        if epoch == self.epoch() {
            self.with_log(|log| log.open.waits(level, since.0));
        }
    }

    /// It ends, after its record was written.
    #[inline]
    pub(in super::super) fn leave(&self, level: u64) {
        self.with_log(|log| log.open.leave(level));
    }

    /// A call site's number, for a record; 0, which is none, where its text has no room, which is
    /// counted.
    #[inline]
    pub(in super::super) fn site(&self, site: &'static std::panic::Location<'static>) -> u32 {
        self.with_log(|log| self.texts.site(log, site)).unwrap_or(0)
    }

    /// A label's number, for a record; 0 if there is none, or likewise.
    pub(in super::super) fn label(&self, label: Option<&str>) -> u64 {
        let number = label.and_then(|label| self.with_log(|log| self.texts.text(log, label)));
        u64::from(number.unwrap_or(0))
    }
}

/// There is no room for a record: from here on events are missing. Of short events that are summed up
/// those are, too, that came before.
#[cold]
fn break_off(log: &Log, record: &Record) {
    let at = match event::Raw::decode(record) {
        Some(event::Raw::Collapsed(collapsed)) => collapsed.start,
        _ => now().0,
    };
    log.open.break_off(at);
}
