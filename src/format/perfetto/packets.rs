//! The packets of a file, one at a time, from a stream of any length. Knows nothing of what is in
//! them.

use std::io::{self, Read};

use super::wire::read_varint;

/// Bytes that are read at once.
const CHUNK: usize = 1 << 18;

/// The tag of a packet: field 1, with a length.
const TAG: u8 = 0x0a;

/// A file that is being read.
#[derive(Debug)]
pub(super) struct Packets<R> {
    input: R,
    /// What was read and not dropped yet; its unread part starts at `at`.
    buffer: Vec<u8>,
    at: usize,
    /// How many bytes were dropped before the buffer.
    dropped: u64,
    /// Whether the input has come to its end.
    ended: bool,
    /// How many packets were begun.
    begun: u64,
    /// Bytes that a packet may have.
    limit: u64,
}

/// Why there is no next packet.
#[derive(Debug)]
pub(super) enum Fault {
    /// The input failed.
    Io(io::Error),
    /// The input ended within a packet.
    End,
    /// What stands there is no packet.
    NoPacket,
    /// The packet has more bytes than these.
    TooLarge(u64),
}

impl<R: Read> Packets<R> {
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

    /// The number of the packet that was read last, counted from 1.
    pub(super) fn number(&self) -> u64 {
        self.begun
    }

    /// The next packet, or `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Fault> {
        if self.at == self.buffer.len() && !self.fill(1)? {
            return Ok(None);
        }
        self.begun += 1;
        if self.buffer[self.at] != TAG {
            return Err(Fault::NoPacket);
        }
        let (front, length) = self.length()?;
        if length > self.limit {
            return Err(Fault::TooLarge(self.limit));
        }
        let length = usize::try_from(length).map_err(|_| Fault::TooLarge(self.limit))?;
        let whole = front + length;
        if self.buffer.len() - self.at < whole && !self.fill(whole)? {
            return Err(Fault::End);
        }
        let packet = self.at + front..self.at + whole;
        self.at += whole;
        Ok(Some(&self.buffer[packet]))
    }

    /// The bytes of a packet's tag and length, and the length.
    fn length(&mut self) -> Result<(usize, u64), Fault> {
        loop {
            let mut rest = &self.buffer[self.at + 1..];
            let before = rest.len();
            if let Some(length) = read_varint(&mut rest) {
                return Ok((1 + before - rest.len(), length));
            }
            if before >= 10 {
                return Err(Fault::NoPacket);
            }
            if !self.fill(before + 2)? {
                return Err(Fault::End);
            }
        }
    }

    /// Reads on until there are `least` unread bytes; whether there are.
    fn fill(&mut self, least: usize) -> Result<bool, Fault> {
        self.buffer.drain(..self.at);
        self.dropped += self.at as u64;
        self.at = 0;
        // A packet that claims to be large gets no more memory than it has bytes.
        while self.buffer.len() < least && !self.ended {
            let before = self.buffer.len();
            let mut input = (&mut self.input).take(CHUNK as u64);
            let got = input.read_to_end(&mut self.buffer).map_err(Fault::Io)?;
            debug_assert_eq!(self.buffer.len(), before + got);
            self.ended = got < CHUNK;
        }
        Ok(self.buffer.len() >= least)
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::bytes;
    use super::*;

    fn lengths(file: &[u8], limit: u64) -> Result<Vec<usize>, Fault> {
        let mut packets = Packets::new(file, limit);
        let mut lengths = Vec::new();
        while let Some(packet) = packets.next()? {
            lengths.push(packet.len());
        }
        assert_eq!(packets.byte(), file.len() as u64);
        Ok(lengths)
    }

    fn file(lengths: &[usize]) -> Vec<u8> {
        let mut file = Vec::new();
        lengths.iter().for_each(|length| bytes(&mut file, 1, &vec![7; *length]));
        file
    }

    #[test]
    fn packets_lie_across_the_ends_of_chunks_and_may_be_larger() {
        for expected in [vec![], vec![0], vec![1, 127, 128], vec![100; 10_000], vec![3 * CHUNK, 1]]
        {
            assert_eq!(lengths(&file(&expected), u64::MAX).unwrap(), expected);
        }
    }

    #[test]
    fn every_cut_within_a_packet_is_noticed() {
        let file = file(&[200, 3]);
        for end in 1..file.len() {
            let cut = lengths(&file[..end], u64::MAX);
            assert_eq!(matches!(cut, Err(Fault::End)), end != 203, "{end}: {cut:?}");
        }
    }

    #[test]
    fn what_is_no_packet_or_too_large_is_told() {
        assert!(matches!(lengths(&file(&[11]), 10), Err(Fault::TooLarge(10))));
        assert!(matches!(lengths(&[0x12, 0], 10), Err(Fault::NoPacket)));
        assert!(matches!(
            lengths(&[[TAG; 1].as_slice(), &[0xff; 10]].concat(), 10),
            Err(Fault::NoPacket)
        ));
    }
}
