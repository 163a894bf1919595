//! What `args` is: a message that extends `TrackEvent`, described in the file. Written for whatever
//! [`Key`]s there are, and read back by their names.

use std::collections::BTreeSet;

use super::event::ARGS;
use super::wire::{Fields, Malformed, Message};
use crate::format::keys::{Key, Shape};
use crate::format::texts::Texts;
use crate::model::{Annotations, Trace};

/// What `EXTENSION` holds: a set of files, each of messages, enumerations and extensions.
mod file {
    pub(super) const OF_EXTENSION: u32 = 1;
    pub(super) const OF_SET: u32 = 1;
    pub(super) const NAME: u32 = 1;
    pub(super) const PACKAGE: u32 = 2;
    pub(super) const MESSAGE: u32 = 4;
    pub(super) const ENUM: u32 = 5;
    pub(super) const EXTENSION: u32 = 7;
}

/// A message: its name, and its fields.
mod message {
    pub(super) const NAME: u32 = 1;
    pub(super) const FIELD: u32 = 2;
}

/// An enumeration: its name, and its values, each of a name and a number.
mod choice {
    pub(super) const NAME: u32 = 1;
    pub(super) const VALUE: u32 = 2;
    pub(super) const VALUE_NAME: u32 = 1;
    pub(super) const VALUE_NUMBER: u32 = 2;
}

/// A field of a message.
mod field {
    pub(super) const NAME: u32 = 1;
    pub(super) const EXTENDEE: u32 = 2;
    pub(super) const NUMBER: u32 = 3;
    pub(super) const LABEL: u32 = 4;
    pub(super) const TYPE: u32 = 5;
    pub(super) const TYPE_NAME: u32 = 6;

    pub(super) const OPTIONAL: u64 = 1;
    pub(super) const UINT64: u64 = 4;
    pub(super) const BOOL: u64 = 8;
    pub(super) const STRING: u64 = 9;
    pub(super) const MESSAGE: u64 = 11;
    pub(super) const ENUM: u64 = 14;
    pub(super) const SINT64: u64 = 18;
}

const ARGS_NAME: &str = "Args";

/// The number of a key's field as it is written.
pub(super) const fn number(key: Key) -> u32 {
    key as u32 + 1
}

/// Names of components, of which the position and one is the field's number.
pub(super) fn components(annotations: &Annotations) -> Vec<&'static str> {
    let names = annotations.operations.values().flatten().map(|(name, _)| *name);
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The content of `EXTENSION`.
pub(super) fn descriptor(trace: &Trace, components: &[&'static str]) -> Message {
    let texts = Texts::of(trace);
    let args = Key::ALL.iter().map(|key| described(*key));
    let file = Message::new()
        .text(file::NAME, "rayprism.proto")
        .text(file::PACKAGE, "rayprism")
        .message(
            file::MESSAGE,
            &Message::new().text(message::NAME, ARGS_NAME).messages(message::FIELD, args),
        )
        .message(file::MESSAGE, &numbers(Key::Counters, field::UINT64, texts.counters()))
        .message(file::MESSAGE, &numbers(Key::CoreNs, field::SINT64, components.iter().copied()))
        .messages(file::ENUM, Key::ALL.iter().filter_map(|key| words(*key)))
        .message(file::ENUM, &choice(Key::Site, texts.sites()))
        .message(file::ENUM, &choice(Key::Chain, texts.chains()))
        .message(file::EXTENSION, &extension());
    let set = Message::new().message(file::OF_SET, &file);
    Message::new().message(file::OF_EXTENSION, &set)
}

/// `args` as a field of `TrackEvent`.
fn extension() -> Message {
    typed("args", ARGS, field::MESSAGE)
        .text(field::EXTENDEE, ".perfetto.protos.TrackEvent")
        .text(field::TYPE_NAME, &format!(".rayprism.{ARGS_NAME}"))
}

fn typed(name: &str, number: u32, of: u64) -> Message {
    Message::new()
        .text(field::NAME, name)
        .number(field::NUMBER, number.into())
        .number(field::LABEL, field::OPTIONAL)
        .number(field::TYPE, of)
}

/// A key as a field of `args`. A type of its own is called as it is.
fn described(key: Key) -> Message {
    let of = match key.shape() {
        Shape::Whole => field::UINT64,
        Shape::Text => field::STRING,
        Shape::Flag => field::BOOL,
        Shape::Word(_) | Shape::Site | Shape::Chain => field::ENUM,
        Shape::Counters | Shape::CoreTime => field::MESSAGE,
    };
    let described = typed(key.name(), number(key), of);
    match of {
        field::ENUM | field::MESSAGE => {
            described.text(field::TYPE_NAME, &format!(".rayprism.{}", key.name()))
        }
        _ => described,
    }
}

/// A message of numbers.
fn numbers<'n>(key: Key, of: u64, names: impl Iterator<Item = &'n str>) -> Message {
    let fields = (1..).zip(names).map(|(number, name)| typed(name, number, of));
    Message::new().text(message::NAME, key.name()).messages(message::FIELD, fields)
}

fn words(key: Key) -> Option<Message> {
    let Shape::Word(names) = key.shape() else { return None };
    Some(choice(key, names.iter().map(|name| (*name).to_owned())))
}

fn choice(key: Key, names: impl Iterator<Item = String>) -> Message {
    let values = (0..).zip(names).map(|(number, name)| {
        Message::new().text(choice::VALUE_NAME, &name).number(choice::VALUE_NUMBER, number)
    });
    Message::new().text(choice::NAME, key.name()).messages(choice::VALUE, values)
}

/// A file's schema, read back.
#[derive(Debug, Default)]
pub(super) struct Schema {
    /// The keys of `args` by the numbers of their fields.
    keys: Vec<Option<Key>>,
    /// The words of each key by their numbers.
    words: Vec<Vec<String>>,
}

/// Numbers of fields beyond which none is looked for.
const LAST: u64 = 1 << 10;

impl Schema {
    /// Reads the content of `EXTENSION`. What it has beside is for viewers.
    pub(super) fn read(extension: &[u8]) -> Result<Self, Malformed> {
        let mut schema = Self { keys: Vec::new(), words: vec![Vec::new(); Key::ALL.len()] };
        for set in of(extension, file::OF_EXTENSION) {
            for file in of(set?, file::OF_SET) {
                let file = file?;
                for message in of(file, file::MESSAGE) {
                    schema.read_message(message?)?;
                }
                for choice in of(file, file::ENUM) {
                    schema.read_choice(choice?)?;
                }
            }
        }
        Ok(schema)
    }

    /// The key of the field of this number.
    pub(super) fn key(&self, number: u32) -> Option<Key> {
        self.keys.get(number as usize).copied().flatten()
    }

    /// The word of a key that stands for a number.
    pub(super) fn word(&self, key: Key, number: u64) -> Option<&str> {
        let words = self.words.get(key as usize)?;
        words.get(usize::try_from(number).ok()?).map(String::as_str)
    }

    fn read_message(&mut self, message: &[u8]) -> Result<(), Malformed> {
        if text(message, message::NAME)? != Some(ARGS_NAME) {
            return Ok(());
        }
        for field in of(message, message::FIELD) {
            let field = field?;
            let key = text(field, field::NAME)?.and_then(|name| Key::named(name.as_bytes()));
            let number = Fields(field).find_map(|found| match found {
                Ok((field::NUMBER, value)) => Some(value.number()),
                _ => None,
            });
            let (Some(key), Some(number)) = (key, number.transpose()?) else { continue };
            put(&mut self.keys, number, Some(key), None);
        }
        Ok(())
    }

    fn read_choice(&mut self, choice: &[u8]) -> Result<(), Malformed> {
        let key = text(choice, choice::NAME)?.and_then(|name| Key::named(name.as_bytes()));
        let Some(key) = key.filter(|key| matches!(key.shape(), Shape::Word(_))) else {
            return Ok(());
        };
        for value in of(choice, choice::VALUE) {
            let value = value?;
            let name = text(value, choice::VALUE_NAME)?.unwrap_or_default().to_owned();
            let number = Fields(value).find_map(|found| match found {
                Ok((choice::VALUE_NUMBER, value)) => Some(value.number()),
                _ => None,
            });
            let Some(number) = number.transpose()? else { continue };
            put(&mut self.words[key as usize], number, name, String::new());
        }
        Ok(())
    }
}

/// Puts a value at a position, which is within reason.
fn put<T: Clone>(to: &mut Vec<T>, at: u64, value: T, filler: T) {
    if at < LAST {
        let at = at as usize;
        if to.len() <= at {
            to.resize(at + 1, filler);
        }
        to[at] = value;
    }
}

/// The messages in a field.
fn of(message: &[u8], field: u32) -> impl Iterator<Item = Result<&[u8], Malformed>> {
    Fields(message).filter_map(move |found| match found {
        Ok((number, value)) => (number == field).then(|| value.bytes()),
        Err(malformed) => Some(Err(malformed)),
    })
}

fn text(message: &[u8], field: u32) -> Result<Option<&str>, Malformed> {
    let text = of(message, field).next().transpose()?;
    text.map(|bytes| std::str::from_utf8(bytes).map_err(|_| Malformed)).transpose()
}
