//! One entry of a file in any layout, by way of serde.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::number::{Micros, Whole};
use super::scan::Scanned;
use crate::format::args::{Args, EventProblem, Said, Value};
use crate::format::fields::Category;
use crate::format::keys::{Key, Shape};
use crate::model::{Counter, Nanos, Span};

/// What an entry says and of which thread; `None` if all of it is derived.
pub(super) type Parsed = Result<Option<(u64, Said)>, EventProblem>;

/// The entry at the front of `bytes`, and its length.
pub(super) fn entry(bytes: &[u8], counters: &[Counter]) -> serde_json::Result<(Parsed, usize)> {
    let mut lines = serde_json::Deserializer::from_slice(bytes).into_iter::<Line<'_>>();
    match lines.next().transpose()? {
        Some(line) => Ok((line.said(counters), lines.byte_offset())),
        None => Ok((Ok(None), 0)),
    }
}

/// What a slice says that was read the quick way.
pub(super) fn scanned(
    Scanned { tid, category, shown }: Scanned,
    args: &Args<'_>,
    counters: &[Counter],
) -> Parsed {
    Ok(args.said(category, Some(shown), counters)?.map(|said| (tid, said)))
}

/// An entry with the keys of all kinds, so that their order does not matter.
#[derive(Debug, serde::Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    ph: Text<'a>,
    #[serde(borrow)]
    cat: Option<Text<'a>>,
    tid: Option<u64>,
    ts: Option<Micros>,
    dur: Option<Micros>,
    #[serde(borrow)]
    args: Option<Given<'a>>,
}

impl Line<'_> {
    fn said(&self, counters: &[Counter]) -> Parsed {
        if self.ph.0 != "X" {
            return Ok(None);
        }
        let Text(category) = self.cat.as_ref().ok_or(EventProblem::Missing("cat"))?;
        let category = Category::named(category.as_bytes())
            .ok_or_else(|| EventProblem::Category(category.clone().into_owned()))?;
        if category == Category::Wait {
            return Ok(None);
        }
        let tid = self.tid.ok_or(EventProblem::Missing("tid"))?;
        let args = self.args.as_ref().ok_or(EventProblem::Missing("args"))?.args();
        // Where the slice shows other times than the event's, its own are not looked at.
        let shown = if args.true_span()?.is_some() { None } else { Some(self.shown()?) };
        Ok(args.said(category, shown, counters)?.map(|said| (tid, said)))
    }

    fn shown(&self) -> Result<Span, EventProblem> {
        let start = self.ts.and_then(Micros::nanos).ok_or(EventProblem::Missing("ts"))?;
        let length = self.dur.and_then(Micros::nanos).ok_or(EventProblem::Missing("dur"))?;
        let end = start.0.checked_add(length.0).ok_or(EventProblem::Overflow)?;
        Ok(Span { start, end: Nanos(end) })
    }
}

/// The `args` of an entry.
#[derive(Debug, Default)]
struct Given<'a> {
    fields: Vec<(Key, Own<'a>)>,
    counters: Option<Vec<(Counter, u64)>>,
}

impl Given<'_> {
    fn args(&self) -> Args<'_> {
        let mut args = Args::new();
        for (key, Own(value)) in &self.fields {
            args.set(
                *key,
                match value {
                    Any::Absent => Value::Absent,
                    Any::Whole(number) => Value::Whole(*number),
                    Any::Text(text) => Value::Text(text),
                    Any::Flag(flag) => Value::Flag(*flag),
                },
            );
        }
        if let Some(counters) = &self.counters {
            args.has_counters();
            for (counter, value) in counters {
                args.count(*counter, *value);
            }
        }
        args
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Given<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given<'de>, A::Error> {
        let mut given = Given::default();
        while let Some(Text(name)) = map.next_key()? {
            let Some(key) = Key::named(name.as_bytes()) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            match key.shape() {
                Shape::CoreTime => drop(map.next_value::<IgnoredAny>()?),
                Shape::Counters => {
                    let counters: Option<std::collections::BTreeMap<Counter, Whole>> =
                        map.next_value()?;
                    let counters = counters.into_iter().flatten();
                    let counters = counters.map(|(counter, Whole(value))| (counter, value));
                    given.counters = Some(counters.collect());
                }
                _ => given.fields.push((key, map.next_value()?)),
            }
        }
        Ok(given)
    }
}

/// A value of a field, its text borrowed from the file unless it has escapes.
#[derive(Debug)]
struct Own<'a>(Any<'a>);

#[derive(Debug)]
enum Any<'a> {
    Absent,
    Whole(u64),
    Text(Cow<'a, str>),
    Flag(bool),
}

impl<'de: 'a, 'a> Deserialize<'de> for Own<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor).map(Self)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Any<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, a text or a truth value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Any<'de>, E> {
        Ok(Any::Absent)
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Any<'de>, E> {
        Ok(Any::Flag(flag))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Any<'de>, E> {
        Ok(Any::Whole(number))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Any<'de>, E> {
        Ok(Any::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Any<'de>, E> {
        Ok(Any::Text(Cow::Owned(text.to_owned())))
    }
}

/// A string, borrowed from the file unless it has escapes.
#[derive(Debug)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}
