//! The texts of one lane: call sites and labels. Each is written once, before the first event that
//! points to it, and is a number from then on.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::Location;

use super::log::{Counter, Log};

/// Call sites that are found without hashing.
const NEAR: usize = 64;

/// Which texts a lane has written, and their numbers.
pub(super) struct Texts {
    near: [Cell<Option<(&'static Location<'static>, u32)>>; NEAR],
    numbers: RefCell<HashMap<String, u32>>,
}

impl Texts {
    pub(super) fn new() -> Self {
        Self { near: [const { Cell::new(None) }; NEAR], numbers: RefCell::new(HashMap::new()) }
    }

    /// A new recording: nothing is written yet.
    pub(super) fn forget(&self) {
        self.near.iter().for_each(|near| near.set(None));
        self.numbers.borrow_mut().clear();
    }

    /// The number of a call site; 0 if there was no room for its text.
    #[inline]
    pub(super) fn site(&self, log: &Log, site: &'static Location<'static>) -> u32 {
        let near = &self.near[(site as *const Location<'_> as usize / 8) % NEAR];
        match near.get() {
            Some((known, number)) if std::ptr::eq(known, site) => number,
            _ => self.far_site(log, site, near),
        }
    }

    #[cold]
    fn far_site(
        &self,
        log: &Log,
        site: &'static Location<'static>,
        near: &Cell<Option<(&'static Location<'static>, u32)>>,
    ) -> u32 {
        let number = self.text(log, &site.to_string());
        near.set(Some((site, number)));
        number
    }

    /// The number of a text that there may be any number of: it leaves room for call sites.
    pub(super) fn note(&self, log: &Log, text: &str) -> u32 {
        if self.numbers.borrow().contains_key(text) || log.has_room_for_notes() {
            return self.text(log, text);
        }
        log.add(Counter::LostTexts, 1);
        0
    }

    /// The number of a text; 0 if there was no room for it.
    #[cold]
    pub(super) fn text(&self, log: &Log, text: &str) -> u32 {
        let mut numbers = self.numbers.borrow_mut();
        if let Some(&number) = numbers.get(text) {
            return number;
        }
        let number = numbers.len() as u32 + 1;
        if !log.write_text(number, text) {
            return 0;
        }
        numbers.insert(text.to_owned(), number);
        number
    }
}
