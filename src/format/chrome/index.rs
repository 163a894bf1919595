//! A text that an event points to, as the reader sees it: by its number. [`texts`](super::texts) is
//! the other direction.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// The number at a text's front, which is all of it that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Index(pub(super) u32);

impl<'de> Deserialize<'de> for Index {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(IndexVisitor)
    }
}

struct IndexVisitor;

impl Visitor<'_> for IndexVisitor {
    type Value = Index;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number and the text that it stands for")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Index, E> {
        let index = text.split_once(' ').and_then(|(index, _)| index.parse().ok());
        index.map(Index).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}
