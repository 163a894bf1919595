//! Numbers as Chrome JSON takes them: times in microseconds, and integers that viewers hold in 64
//! bits with a sign.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::json::write_integer;
use crate::model::Nanos;

/// Times below this many nanoseconds (26 days) survive the way through microseconds in an `f64`:
/// reading and scaling err by at most 2⁻⁵² of the value together, hence by less than half.
const EXACT: u64 = 1 << 51;

/// Appends a time in microseconds, to the nanosecond.
pub(super) fn write_micros(buffer: &mut Vec<u8>, time: Nanos) {
    write_integer(buffer, time.0 / 1_000);
    let digit = |divisor: u64| b'0' + (time.0 / divisor % 10) as u8;
    buffer.extend_from_slice(&[b'.', digit(100), digit(10), digit(1)]);
}

/// Appends an integer; beyond what viewers can hold, as a string.
pub(super) fn write_whole(buffer: &mut Vec<u8>, number: u64) {
    if i64::try_from(number).is_ok() {
        return write_integer(buffer, number);
    }
    buffer.push(b'"');
    write_integer(buffer, number);
    buffer.push(b'"');
}

/// Whether a time survives [`write_micros`] and [`Micros`].
pub(super) fn survives_micros(time: Nanos) -> bool {
    time.0 < EXACT
}

/// A time that stands in the file in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Micros(f64);

impl Micros {
    /// The time, if it is exact.
    pub(super) fn nanos(self) -> Option<Nanos> {
        let nanos = (self.0 * 1e3).round();
        (0.0..EXACT as f64).contains(&nanos).then_some(Nanos(nanos as u64))
    }
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Self)
    }
}

/// An integer that stands in the file as such, or as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole(pub(super) u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeVisitor)
    }
}

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of 64 bits")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Whole, E> {
        Ok(Whole(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Whole, E> {
        let number = text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self));
        number.map(Whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut buffer = Vec::new();
        write(&mut buffer);
        String::from_utf8(buffer).unwrap()
    }

    fn micros(nanos: u64) -> String {
        written(|buffer| write_micros(buffer, Nanos(nanos)))
    }

    #[test]
    fn microseconds_have_three_decimals() {
        assert_eq!(micros(0), "0.000");
        assert_eq!(micros(7), "0.007");
        assert_eq!(micros(1_234_050), "1234.050");
        assert_eq!(micros(u64::MAX), "18446744073709551.615");
    }

    #[test]
    fn microseconds_come_back_exactly_or_not_at_all() {
        let read = |nanos| serde_json::from_str::<Micros>(&micros(nanos)).unwrap().nanos();
        for shift in 0..51 {
            for nanos in [(1 << shift) - 1, 1 << shift, (1 << shift) + 1, EXACT - 1 - (1 << shift)]
            {
                assert_eq!(read(nanos), Some(Nanos(nanos)));
            }
        }
        assert_eq!(read(EXACT), None);
        assert_eq!(read(u64::MAX), None);
    }

    #[test]
    fn whole_numbers_beyond_i64_are_strings() {
        let whole = |number| written(|buffer| write_whole(buffer, number));
        assert_eq!(whole(i64::MAX as u64), "9223372036854775807");
        assert_eq!(whole(i64::MAX as u64 + 1), "\"9223372036854775808\"");
        for number in [0, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX] {
            assert_eq!(serde_json::from_str::<Whole>(&whole(number)).unwrap(), Whole(number));
        }
    }

    #[test]
    fn other_numbers_are_refused() {
        for text in ["-1", "1.5", "\"x\"", "18446744073709551616", "null", "{}"] {
            assert!(serde_json::from_str::<Whole>(text).is_err(), "{text}");
        }
    }
}
