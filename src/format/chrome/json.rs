//! Values as JSON, in one line.
//!
//! Not with serde_json: in a program that has serde_json among its dependencies, numbers and strings
//! can be compared with its `Value`, too. Then `items == []` or `n == numbers.sum()` no longer tells
//! the compiler which type is meant, and a program would not compile any more once it is put on the
//! drop-in.

use std::fmt;
use std::io;

use serde::ser::{self, Impossible, Serialize, Serializer};

/// Appends a value as JSON in which no string ends in a backslash.
pub(in crate::format) fn write_json(
    buffer: &mut Vec<u8>,
    value: &impl Serialize,
) -> io::Result<()> {
    value.serialize(Json(buffer)).map_err(io::Error::other)
}

/// Appends values to a buffer.
pub(super) struct Json<'a>(pub(super) &'a mut Vec<u8>);

/// Why a value cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unwritable(String);

impl ser::Error for Unwritable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

type Written<T = ()> = Result<T, Unwritable>;

/// Appends an integer, without the detour through formatting: every event has several.
pub(super) fn write_integer(buffer: &mut Vec<u8>, number: u64) {
    buffer.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a string. Perfetto v52 takes one to go on after `\\"`, which was tried: a backslash is
/// spelt as a number.
pub(super) fn write_string(buffer: &mut Vec<u8>, text: &str) {
    buffer.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => buffer.extend_from_slice(b"\\\""),
            b'\n' => buffer.extend_from_slice(b"\\n"),
            b'\r' => buffer.extend_from_slice(b"\\r"),
            b'\t' => buffer.extend_from_slice(b"\\t"),
            0x08 => buffer.extend_from_slice(b"\\b"),
            0x0c => buffer.extend_from_slice(b"\\f"),
            0..=0x1f | b'\\' => buffer.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            byte => buffer.push(byte),
        }
    }
    buffer.push(b'"');
}

/// An array or an object of which a part is written.
pub(super) struct Open<'a> {
    buffer: &'a mut Vec<u8>,
    first: bool,
    close: &'static [u8],
}

impl<'a> Open<'a> {
    fn new(buffer: &'a mut Vec<u8>, open: u8, close: &'static [u8]) -> Self {
        buffer.push(open);
        Self { buffer, first: true, close }
    }

    fn separate(&mut self) {
        if !self.first {
            self.buffer.push(b',');
        }
        self.first = false;
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.separate();
        value.serialize(Json(self.buffer))
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Written {
        self.separate();
        write_key(self.buffer, key);
        value.serialize(Json(self.buffer))
    }

    fn close(self) {
        self.buffer.extend_from_slice(self.close);
    }
}

fn write_key(buffer: &mut Vec<u8>, key: &str) {
    write_string(buffer, key);
    buffer.push(b':');
}

impl ser::SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.element(value)
    }

    fn end(self) -> Written {
        self.close();
        Ok(())
    }
}

impl ser::SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        self.field(key, value)
    }

    fn end(self) -> Written {
        self.close();
        Ok(())
    }
}

impl ser::SerializeStructVariant for Open<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        self.field(key, value)
    }

    fn end(self) -> Written {
        self.close();
        Ok(())
    }
}

macro_rules! integers {
    ($($method:ident: $integer:ty),*) => {$(
        fn $method(self, number: $integer) -> Written {
            self.0.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            Ok(())
        }
    )*};
}

/// Kinds of values that no trace has.
macro_rules! none_such {
    ($($method:ident($($argument:ty),*) -> $written:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Written<$written> {
            Err(Unwritable(format!("a trace has nothing to {}", stringify!($method))))
        }
    )*};
}

impl<'a> Serializer for Json<'a> {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Open<'a>;
    type SerializeStruct = Open<'a>;
    type SerializeStructVariant = Open<'a>;
    type SerializeTuple = Impossible<(), Unwritable>;
    type SerializeTupleStruct = Impossible<(), Unwritable>;
    type SerializeTupleVariant = Impossible<(), Unwritable>;
    type SerializeMap = Impossible<(), Unwritable>;

    integers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64
    }

    none_such! {
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize)
            -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
    }

    fn serialize_bool(self, value: bool) -> Written {
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_f32(self, number: f32) -> Written {
        self.serialize_f64(number.into())
    }

    /// The shortest digits that read as the same number; JSON knows no infinity.
    fn serialize_f64(self, number: f64) -> Written {
        let text = if number.is_finite() { format!("{number:?}") } else { "null".to_owned() };
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Written {
        write_string(self.0, text);
        Ok(())
    }

    fn serialize_none(self) -> Written {
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Written {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &str, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Written {
        let mut object = Open::new(self.0, b'{', b"}");
        object.field(name, value)?;
        object.close();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Written<Open<'a>> {
        Ok(Open::new(self.0, b'[', b"]"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Written<Open<'a>> {
        Ok(Open::new(self.0, b'{', b"}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Written<Open<'a>> {
        self.0.push(b'{');
        write_key(self.0, name);
        Ok(Open::new(self.0, b'{', b"}}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize)]
    enum Any {
        Nothing,
        Text(&'static str),
        Fields { numbers: Vec<f64>, flag: Option<bool>, one: i8 },
    }

    #[test]
    fn values_are_written_as_serde_json_writes_them() {
        for value in [
            Any::Nothing,
            Any::Text(""),
            Any::Text("a \"é\" \u{1f600} \n\r\t\0\u{8}\u{c}\u{1f}\u{7f}"),
            Any::Fields { numbers: vec![0.0, -1.5, 2.596, 1e15, 1e-7], flag: Some(true), one: -1 },
            Any::Fields { numbers: vec![f64::INFINITY], flag: None, one: 0 },
        ] {
            let mut ours = Vec::new();
            value.serialize(Json(&mut ours)).unwrap();
            assert_eq!(String::from_utf8(ours).unwrap(), serde_json::to_string(&value).unwrap());
        }
    }

    #[test]
    fn what_no_trace_has_is_an_error() {
        let error = ('a', 1).serialize(Json(&mut Vec::new())).unwrap_err();
        assert_eq!(error.to_string(), "a trace has nothing to serialize_tuple");
    }

    #[test]
    fn no_string_ends_in_a_backslash() {
        let mut buffer = Vec::new();
        write_json(&mut buffer, &["a\\", "\\\"", "\u{1f600}\n"].as_slice()).unwrap();
        let expected = "[\"a\\u005c\",\"\\u005c\\\"\",\"\u{1f600}\\n\"]";
        assert_eq!(String::from_utf8(buffer).unwrap(), expected);
    }
}
