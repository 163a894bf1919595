//! A workload's parameters: their ranges and defaults as data, and values checked against them.

use std::collections::{BTreeMap, BTreeSet};

/// A parameter of a workload. Its name is that of the command line's option, without dashes.
#[derive(Clone, Copy, Debug)]
pub enum Parameter {
    /// A whole number.
    Integer(&'static Integer),
    /// One of a few names.
    Choice(&'static Choice),
}

/// A whole number within a range.
#[derive(Debug)]
pub struct Integer {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// The smallest value.
    pub min: u64,
    /// The largest value.
    pub max: u64,
    /// The value if none is given; some depend on the machine.
    pub default: fn() -> u64,
}

/// One of a few names.
#[derive(Debug)]
pub struct Choice {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// What can be chosen, the default first.
    pub options: &'static [&'static str],
}

/// A value as it was typed.
#[derive(Clone, Debug)]
pub struct Given {
    /// The parameter's name.
    pub name: &'static str,
    /// The text given for it.
    pub text: String,
}

/// The values that a workload runs with: those given, and defaults for the rest.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    integers: BTreeMap<&'static str, u64>,
    choices: BTreeMap<&'static str, &'static str>,
}

/// Why a value was not accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// There is no such parameter among those that count.
    #[error("--{name} does not apply here")]
    Unknown {
        /// The parameter's name.
        name: &'static str,
        /// Names of those that do apply.
        known: Vec<&'static str>,
    },
    /// It is no whole number.
    #[error("--{name} '{text}' is not a whole number")]
    NotANumber {
        /// The parameter's name.
        name: &'static str,
        /// What was given.
        text: String,
        /// The smallest value.
        min: u64,
        /// The largest value.
        max: u64,
    },
    /// It is too small or too large.
    #[error("--{name} {text} is out of range")]
    OutOfRange {
        /// The parameter's name.
        name: &'static str,
        /// What was given.
        text: String,
        /// The smallest value.
        min: u64,
        /// The largest value.
        max: u64,
    },
    /// It is none of the names to choose from.
    #[error("--{name} has no choice '{text}'")]
    NotAChoice {
        /// The parameter's name.
        name: &'static str,
        /// What was given.
        text: String,
        /// What can be chosen.
        options: &'static [&'static str],
    },
}

impl Settings {
    /// Checks what was given against `parameters`.
    pub fn new(parameters: &[Parameter], given: &[Given]) -> Result<Self, SettingError> {
        let mut settings = Self::default();
        for Given { name, text } in given {
            match parameters.iter().find(|parameter| parameter.name() == *name) {
                Some(Parameter::Integer(integer)) => settings.set(integer, integer.parse(text)?),
                Some(Parameter::Choice(choice)) => {
                    settings.choices.insert(choice.name, choice.parse(text)?);
                }
                None => return Err(unknown(name, parameters)),
            }
        }
        Ok(settings)
    }

    /// Sets a number without checking its range.
    pub fn set(&mut self, parameter: &'static Integer, value: u64) {
        self.integers.insert(parameter.name, value);
    }

    /// Whether a parameter was set, and is not at its default for want of a value.
    pub fn is_set(&self, parameter: Parameter) -> bool {
        let name = parameter.name();
        self.integers.contains_key(name) || self.choices.contains_key(name)
    }

    /// The value of a number.
    pub fn integer(&self, parameter: &Integer) -> u64 {
        self.integers.get(parameter.name).copied().unwrap_or_else(parameter.default)
    }

    /// The chosen name.
    pub fn choice(&self, parameter: &Choice) -> &'static str {
        self.choices.get(parameter.name).copied().unwrap_or(parameter.default())
    }

    /// A parameter's value as text.
    pub fn text(&self, parameter: Parameter) -> String {
        match parameter {
            Parameter::Integer(integer) => self.integer(integer).to_string(),
            Parameter::Choice(choice) => self.choice(choice).to_owned(),
        }
    }
}

impl Parameter {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer(integer) => integer.name,
            Self::Choice(choice) => choice.name,
        }
    }

    /// What it is, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Integer(integer) => integer.about,
            Self::Choice(choice) => choice.about,
        }
    }
}

impl Integer {
    fn parse(&self, text: &str) -> Result<u64, SettingError> {
        let &Self { name, min, max, .. } = self;
        let text = text.to_owned();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SettingError::NotANumber { name, text, min, max });
        }
        // Digits that do not fit into 64 bits are out of every range.
        match text.parse() {
            Ok(value) if (min..=max).contains(&value) => Ok(value),
            _ => Err(SettingError::OutOfRange { name, text, min, max }),
        }
    }
}

impl Choice {
    /// What is chosen if nothing is given.
    pub fn default(&self) -> &'static str {
        self.options[0]
    }

    fn parse(&self, text: &str) -> Result<&'static str, SettingError> {
        self.options.iter().copied().find(|option| *option == text).ok_or_else(|| {
            SettingError::NotAChoice {
                name: self.name,
                text: text.to_owned(),
                options: self.options,
            }
        })
    }
}

/// Several variants may have the same parameter.
fn unknown(name: &'static str, parameters: &[Parameter]) -> SettingError {
    let mut seen = BTreeSet::new();
    let known = parameters.iter().map(|parameter| parameter.name());
    SettingError::Unknown { name, known: known.filter(|name| seen.insert(*name)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SIZE: Integer =
        Integer { name: "size", about: "items", min: 10, max: 1_000, default: || 100 };
    static ORDER: Choice = Choice { name: "order", about: "direction", options: &["up", "down"] };
    const BOTH: [Parameter; 2] = [Parameter::Integer(&SIZE), Parameter::Choice(&ORDER)];

    fn given(name: &'static str, text: &str) -> Vec<Given> {
        vec![Given { name, text: text.to_owned() }]
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let settings = Settings::new(&BOTH, &given("size", "10")).unwrap();
        assert_eq!((settings.integer(&SIZE), settings.choice(&ORDER)), (10, "up"));
        assert_eq!(BOTH.map(|parameter| settings.is_set(parameter)), [true, false]);
        let settings = Settings::new(&BOTH, &given("order", "down")).unwrap();
        assert_eq!((settings.integer(&SIZE), settings.choice(&ORDER)), (100, "down"));
    }

    #[test]
    fn both_ends_of_a_range_are_in_it() {
        let accepted = |text: &str| Settings::new(&BOTH, &given("size", text)).is_ok();
        assert_eq!(["9", "10", "1000", "1001"].map(accepted), [false, true, true, false]);
    }

    #[test]
    fn numbers_that_are_none_are_told_from_numbers_out_of_range() {
        let error = |text: &str| Settings::new(&BOTH, &given("size", text)).unwrap_err();
        for text in ["", "-1", "1.5", "ten", "+12"] {
            assert!(matches!(error(text), SettingError::NotANumber { .. }), "{text}");
        }
        assert!(matches!(error("99999999999999999999999"), SettingError::OutOfRange { .. }));
    }

    #[test]
    fn an_unknown_parameter_names_the_known_ones() {
        let twice = [BOTH, BOTH].concat();
        let error = Settings::new(&twice, &given("depth", "3")).unwrap_err();
        assert_eq!(error, SettingError::Unknown { name: "depth", known: vec!["size", "order"] });
    }
}
