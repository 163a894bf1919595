//! JSON text as viewers take it. What they do with escapes was tried, not read off a standard:
//! Perfetto v52 takes a string to go on after `\\"`, and shows most escapes as they are spelt.

use std::borrow::Cow;
use std::io;

use serde::Serialize;

use super::json::Json;

/// Appends a value as JSON in which no string ends in a backslash.
pub(super) fn write_json(buffer: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    value.serialize(Json(buffer)).map_err(io::Error::other)
}

/// A name that viewers show whole: never empty, and with pictures for what they would cut it at or
/// spell out.
pub(super) fn printable<'a>(name: &'a str, otherwise: &'a str) -> Cow<'a, str> {
    match name {
        name if name.trim().is_empty() => Cow::Borrowed(otherwise),
        name if name.chars().any(|c| picture(c) != c) => name.chars().map(picture).collect(),
        name => Cow::Borrowed(name),
    }
}

fn picture(c: char) -> char {
    match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(c),
        '\u{7f}' => '\u{2421}',
        '\\' => '\u{29f5}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_string_ends_in_a_backslash() {
        let mut buffer = Vec::new();
        write_json(&mut buffer, &["a\\", "\\\"", "\u{1f600}\n"].as_slice()).unwrap();
        let expected = "[\"a\\u005c\",\"\\u005c\\\"\",\"\u{1f600}\\n\"]";
        assert_eq!(String::from_utf8(buffer).unwrap(), expected);
    }

    #[test]
    fn names_are_never_empty_nor_cut() {
        assert_eq!(printable("", "region"), "region");
        assert_eq!(printable(" \n", "region"), "region");
        assert_eq!(printable("a\0b\n\\", "region"), "a\u{2400}b\u{240a}\u{29f5}");
        assert_eq!(printable("a \"é\" \u{1f600}", "region"), "a \"é\" \u{1f600}");
    }
}
