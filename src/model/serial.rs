//! How [`crate::record`]'s ids and times, which know no crate, appear in files: numbers, and event
//! ids as `LANE:SEQUENCE`.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{EventId, LaneId, Nanos, PoolId};

macro_rules! as_number {
    ($($name:ident: $number:ty),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$number>::deserialize(deserializer).map(Self)
            }
        }
    )*};
}

as_number!(LaneId: u32, PoolId: u32, Nanos: u64);

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(EventIdVisitor)
    }
}

struct EventIdVisitor;

impl Visitor<'_> for EventIdVisitor {
    type Value = EventId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event id, LANE:SEQUENCE")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<EventId, E> {
        parse_event_id(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

/// `LANE:SEQUENCE`, if that is what the text is.
pub(crate) fn parse_event_id(text: &str) -> Option<EventId> {
    let (lane, sequence) = text.split_once(':')?;
    let (lane, sequence) = (LaneId(lane.parse().ok()?), sequence.parse().ok()?);
    EventId::new(lane, sequence).filter(|id| id.sequence() == sequence)
}
