//! What a variant computed, beside what the serial code had computed before.

use std::fmt::Debug;

use super::WrongResult;

/// A result that every run must come to.
#[derive(Debug)]
pub(super) struct Outcome<T> {
    expected: T,
    found: Option<T>,
}

impl<T: PartialEq + Debug> Outcome<T> {
    /// A result as the serial code computed it.
    pub(super) fn new(expected: T) -> Self {
        Self { expected, found: None }
    }

    /// What a run computed.
    pub(super) fn set(&mut self, found: T) {
        self.found = Some(found);
    }

    /// Compares, and forgets what the run computed.
    pub(super) fn check(&mut self) -> Result<(), WrongResult> {
        match self.found.take() {
            Some(found) if found == self.expected => Ok(()),
            Some(found) => {
                Err(WrongResult(format!("{:?} expected, {found:?} found", self.expected)))
            }
            None => Err(WrongResult(format!("{:?} expected, nothing computed", self.expected))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_counts_once_and_only_if_it_is_the_expected_one() {
        let mut outcome = Outcome::new(7);
        outcome.set(7);
        assert_eq!(outcome.check(), Ok(()));
        let nothing = WrongResult("7 expected, nothing computed".to_owned());
        assert_eq!(outcome.check(), Err(nothing));
        outcome.set(8);
        assert_eq!(outcome.check(), Err(WrongResult("7 expected, 8 found".to_owned())));
    }
}
