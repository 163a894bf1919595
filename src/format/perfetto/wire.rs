//! The wire format of protobuf: fields of a number and a value, one after the other. Knows no
//! messages.

/// Appends a number in sevens of bits, the lowest first.
#[inline]
pub(super) fn varint(buffer: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        buffer.push(number as u8 | 0x80);
        number >>= 7;
    }
    buffer.push(number as u8);
}

/// Appends a field that is a number.
#[inline]
pub(super) fn number(buffer: &mut Vec<u8>, field: u32, number: u64) {
    varint(buffer, u64::from(field) << 3);
    varint(buffer, number);
}

/// Appends a field that is a number which may be negative, small ones of both signs in few bytes.
pub(super) fn signed(buffer: &mut Vec<u8>, field: u32, signed: i64) {
    number(buffer, field, ((signed << 1) ^ (signed >> 63)) as u64);
}

/// Appends a field that is a number of always eight bytes.
pub(super) fn fixed(buffer: &mut Vec<u8>, field: u32, number: u64) {
    varint(buffer, u64::from(field) << 3 | 1);
    buffer.extend_from_slice(&number.to_le_bytes());
}

/// Appends a field that is bytes: a text, or a message.
pub(super) fn bytes(buffer: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    varint(buffer, u64::from(field) << 3 | 2);
    varint(buffer, bytes.len() as u64);
    buffer.extend_from_slice(bytes);
}

/// Begins a field that is a message, which is then written in place; [`end`] wants what this returns.
#[inline]
pub(super) fn begin(buffer: &mut Vec<u8>, field: u32) -> usize {
    varint(buffer, u64::from(field) << 3 | 2);
    buffer.push(0);
    buffer.len()
}

/// Puts in the length of the message that was begun there.
#[inline]
pub(super) fn end(buffer: &mut Vec<u8>, begun: usize) {
    let length = buffer.len() - begun;
    if length < 0x80 {
        buffer[begun - 1] = length as u8;
    } else {
        put_in(buffer, begun, length);
    }
}

/// Puts in a length that takes more than the one byte that was left for it.
#[cold]
fn put_in(buffer: &mut Vec<u8>, begun: usize, length: usize) {
    let mut spelt = Vec::new();
    varint(&mut spelt, length as u64);
    buffer.splice(begun - 1..begun, spelt);
}

/// A message, for the nested ones that are written now and then.
#[derive(Clone, Debug, Default)]
pub(super) struct Message(pub(super) Vec<u8>);

impl Message {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn number(mut self, field: u32, value: u64) -> Self {
        number(&mut self.0, field, value);
        self
    }

    pub(super) fn text(mut self, field: u32, text: &str) -> Self {
        bytes(&mut self.0, field, text.as_bytes());
        self
    }

    pub(super) fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        bytes(&mut self.0, field, value);
        self
    }

    pub(super) fn message(self, field: u32, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }

    pub(super) fn messages(self, field: u32, messages: impl IntoIterator<Item = Self>) -> Self {
        messages.into_iter().fold(self, |this, message| this.message(field, &message))
    }
}

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Eight or four bytes, of which nothing is read.
    Fixed,
}

impl<'a> Wire<'a> {
    pub(super) fn number(self) -> Result<u64, Malformed> {
        if let Self::Number(number) = self { Ok(number) } else { Err(Malformed) }
    }

    pub(super) fn bytes(self) -> Result<&'a [u8], Malformed> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(Malformed) }
    }

    pub(super) fn text(self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }
}

/// What is no message, or has other types than were looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The fields of a message.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Wire<'a>), Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| {
            let field = self.field();
            if field.is_none() {
                self.0 = &[];
            }
            field.ok_or(Malformed)
        })
    }
}

impl<'a> Fields<'a> {
    #[inline]
    fn field(&mut self) -> Option<(u32, Wire<'a>)> {
        let tag = u32::try_from(read_varint(&mut self.0)?).ok()?;
        let value = match tag & 7 {
            0 => Wire::Number(read_varint(&mut self.0)?),
            1 => self.take(8).map(|_| Wire::Fixed)?,
            2 => {
                let length = usize::try_from(read_varint(&mut self.0)?).ok()?;
                Wire::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Wire::Fixed)?,
            _ => return None,
        };
        Some((tag >> 3, value)).filter(|(field, _)| *field > 0)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

/// Takes a number from the front; `None` if it is cut, or beyond 64 bits.
#[inline]
pub(super) fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    match **bytes {
        [low @ ..0x80, ref rest @ ..] => {
            *bytes = rest;
            Some(u64::from(low))
        }
        [low, high @ ..0x80, ref rest @ ..] => {
            *bytes = rest;
            Some(u64::from(low & 0x7f) | u64::from(high) << 7)
        }
        _ => read_long_varint(bytes),
    }
}

fn read_long_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (at, &byte) in bytes.iter().take(10).enumerate() {
        let part = u64::from(byte & 0x7f);
        if at == 9 && byte > 1 {
            return None;
        }
        number |= part << (7 * at);
        if byte < 0x80 {
            *bytes = &bytes[at + 1..];
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for shift in 0..64 {
            for number in [1 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let mut bytes = Vec::new();
                varint(&mut bytes, number);
                bytes.push(7);
                let mut rest = &bytes[..];
                assert_eq!(read_varint(&mut rest), Some(number));
                assert_eq!(rest, [7]);
                for end in 0..bytes.len() - 1 {
                    assert_eq!(read_varint(&mut &bytes[..end]), None);
                }
            }
        }
        let beyond = [[0xff; 9].as_slice(), &[2]].concat();
        assert_eq!(read_varint(&mut &beyond[..]), None);
    }

    #[test]
    fn a_message_in_place_is_one_that_was_copied() {
        for length in [0, 1, 127, 128, 16_383, 16_384] {
            let content = vec![7; length];
            let mut copied = Vec::new();
            bytes(&mut copied, 3, &content);
            let mut in_place = Vec::new();
            let begun = begin(&mut in_place, 3);
            in_place.extend_from_slice(&content);
            end(&mut in_place, begun);
            assert!(in_place == copied, "{length}");
        }
    }

    #[test]
    fn fields_come_back() {
        let mut bytes = Message::new().number(1, 300).text(9_900, "é").0;
        fixed(&mut bytes, 47, 5);
        signed(&mut bytes, 2, -3);
        let fields: Result<Vec<_>, _> = Fields(&bytes).collect();
        let expected = [
            (1, Wire::Number(300)),
            (9_900, Wire::Bytes("é".as_bytes())),
            (47, Wire::Fixed),
            (2, Wire::Number(5)),
        ];
        assert_eq!(fields.unwrap(), expected);
        assert_eq!(Fields(&bytes[..bytes.len() - 1]).last(), Some(Err(Malformed)));
        assert_eq!(Fields(&[0x0b]).next(), Some(Err(Malformed)), "a group");
        assert_eq!(Fields(&[0x00, 0x00]).next(), Some(Err(Malformed)), "a field 0");
    }
}
