//! The entries of a JSON array, one at a time, from a stream of any length. Knows nothing of
//! traces.

use std::io::{self, Read};

/// Bytes that are read at once.
const CHUNK: usize = 1 << 18;

/// A JSON array that is being read.
#[derive(Debug)]
pub(super) struct Entries<R> {
    input: R,
    /// What was read and not dropped yet; its unread part starts at `at`.
    buffer: Vec<u8>,
    at: usize,
    /// How many bytes were dropped before the buffer.
    dropped: u64,
    /// Whether the input has come to its end.
    ended: bool,
    /// How many entries were begun.
    begun: u64,
    /// Bytes that an entry may have.
    limit: u64,
}

/// Why there is no next entry.
#[derive(Debug)]
pub(super) enum Fault {
    /// The input failed.
    Io(io::Error),
    /// The input ended within the array.
    End,
    /// What stands there is not what was looked for.
    Syntax(serde_json::Error),
    /// What stands there separates no entries.
    Separator,
    /// The entry has more bytes than these.
    TooLarge(u64),
}

impl<R: Read> Entries<R> {
    pub(super) fn new(input: R, limit: u64) -> Self {
        Self { input, buffer: Vec::new(), at: 0, dropped: 0, ended: false, begun: 0, limit }
    }

    /// The offset of what is read next.
    pub(super) fn byte(&self) -> u64 {
        self.dropped + self.at as u64
    }

    /// How much of the input was taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.dropped + self.buffer.len() as u64
    }

    /// The number of the entry that was read last, counted from 1.
    pub(super) fn number(&self) -> u64 {
        self.begun
    }

    /// The next byte that is no white space; it stays.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            let rest = &self.buffer[self.at..];
            if let Some(skip) = rest.iter().position(|byte| !byte.is_ascii_whitespace()) {
                self.at += skip;
                return Ok(Some(self.buffer[self.at]));
            }
            self.at = self.buffer.len();
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Steps over the byte that [`peek`](Self::peek) found.
    pub(super) fn skip(&mut self) {
        self.at += 1;
    }

    /// The next entry, or `None` after the array's end. `parse` gets bytes that begin with the
    /// entry and may end anywhere; it returns what it made of it, and the entry's length.
    ///
    /// The opening bracket was stepped over.
    pub(super) fn next<T>(
        &mut self,
        parse: impl Fn(&[u8]) -> serde_json::Result<(T, usize)>,
    ) -> Result<Option<T>, Fault> {
        match self.peek()? {
            None => return Err(Fault::End),
            Some(b']') => return Ok(None),
            Some(b',') if self.begun > 0 => self.skip(),
            Some(_) if self.begun > 0 => return Err(Fault::Separator),
            Some(_) => {}
        }
        self.begun += 1;
        self.peek()?.ok_or(Fault::End)?;
        loop {
            match parse(&self.buffer[self.at..]) {
                Ok((entry, length)) => {
                    self.at += length;
                    return Ok(Some(entry));
                }
                Err(error) if !may_go_on(&error, &self.buffer[self.at..]) => {
                    return Err(Fault::Syntax(error));
                }
                Err(_) if self.fill()? => {}
                Err(_) => return Err(Fault::End),
            }
        }
    }

    /// All that is still to be read.
    pub(super) fn rest(&mut self) -> impl Read {
        self.buffer[self.at..].chain(&mut self.input)
    }

    /// Reads on; whether there was anything. An entry larger than the buffer doubles it, so that
    /// trying again from the entry's start costs no more than twice.
    fn fill(&mut self) -> Result<bool, Fault> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..self.at);
        self.dropped += self.at as u64;
        self.at = 0;
        if self.buffer.len() as u64 > self.limit {
            return Err(Fault::TooLarge(self.limit));
        }
        let wanted = CHUNK.max(self.buffer.len());
        let mut input = (&mut self.input).take(wanted as u64);
        let got = input.read_to_end(&mut self.buffer).map_err(Fault::Io)?;
        self.ended = got < wanted;
        Ok(got > 0)
    }
}

/// Whether an entry that is not understood may only be cut. serde_json takes `1.` for a wrong number
/// even if nothing follows yet.
fn may_go_on(error: &serde_json::Error, bytes: &[u8]) -> bool {
    error.is_eof() || (ends_in_a_number(bytes) && is_at_the_end(error, bytes))
}

fn ends_in_a_number(bytes: &[u8]) -> bool {
    matches!(bytes, [.., b'.' | b'e' | b'E' | b'+' | b'-'])
}

fn is_at_the_end(error: &serde_json::Error, bytes: &[u8]) -> bool {
    let line = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = bytes.rsplit(|byte| *byte == b'\n').next().map(<[u8]>::len);
    error.line() == line && column.is_some_and(|column| error.column() >= column)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(1);
            (&mut self.0).take(length as u64).read(buffer)
        }
    }

    fn number(bytes: &[u8]) -> serde_json::Result<([u64; 1], usize)> {
        let mut values = serde_json::Deserializer::from_slice(bytes).into_iter();
        let value = values.next().unwrap()?;
        Ok((value, values.byte_offset()))
    }

    fn all(input: impl Read) -> Result<Vec<u64>, Fault> {
        let mut entries = Entries::new(input, u64::MAX);
        assert_eq!(entries.peek()?, Some(b'['));
        entries.skip();
        let mut numbers = Vec::new();
        while let Some([number]) = entries.next(number)? {
            numbers.push(number);
        }
        Ok(numbers)
    }

    #[test]
    fn white_space_and_the_size_of_reads_do_not_matter() {
        for text in ["[[1],[20],[300]]", " [\n[ 1 ]\t, [20]\r\n,[300 ] ] \n"] {
            assert_eq!(all(text.as_bytes()).unwrap(), [1, 20, 300]);
            assert_eq!(all(Drip(text.as_bytes())).unwrap(), [1, 20, 300]);
        }
        assert_eq!(all(&b"[]"[..]).unwrap(), [0; 0]);
    }

    #[test]
    fn entries_lie_across_the_ends_of_chunks() {
        let numbers: Vec<u64> = (0..200_000).collect();
        let text: Vec<String> = numbers.iter().map(|number| format!("[{number}]")).collect();
        assert_eq!(all(format!("[{}]", text.join(",")).as_bytes()).unwrap(), numbers);
    }

    #[test]
    fn an_entry_may_be_larger_than_the_buffer() {
        let text = format!("[[{}7]]", " ".repeat(5 * CHUNK));
        assert_eq!(all(text.as_bytes()).unwrap(), [7]);
    }

    #[test]
    fn a_number_may_lie_across_the_ends_of_chunks() {
        let ignored = |bytes: &[u8]| {
            let mut values =
                serde_json::Deserializer::from_slice(bytes).into_iter::<serde::de::IgnoredAny>();
            values.next().unwrap()?;
            Ok(((), values.byte_offset()))
        };
        for text in ["[[1.5e-3]]", "[\n[1,\n-2.5]\n]"] {
            let mut entries = Entries::new(text.as_bytes(), u64::MAX);
            entries.peek().unwrap();
            entries.skip();
            assert!(matches!(entries.next(ignored), Ok(Some(()))), "{text}");
            for end in 1..text.len() - 2 {
                let mut entries = Entries::new(&text.as_bytes()[..end], u64::MAX);
                entries.peek().unwrap();
                entries.skip();
                assert!(matches!(entries.next(ignored), Err(Fault::End)), "{}", &text[..end]);
            }
        }
    }

    #[test]
    fn every_cut_is_noticed() {
        let text = "[[1],[20]";
        for end in 1..=text.len() {
            assert!(matches!(all(&text.as_bytes()[..end]), Err(Fault::End)), "{end}");
        }
    }

    #[test]
    fn what_is_between_entries_is_checked() {
        assert!(matches!(all(&b"[[1] [2]]"[..]), Err(Fault::Separator)));
        assert!(matches!(all(&b"[[1],]"[..]), Err(Fault::Syntax(_))));
        assert!(matches!(all(&b"[,[1]]"[..]), Err(Fault::Syntax(_))));
    }
}
