//! Whatever is written as Perfetto's protobuf, or compressed, is read back unchanged.

#![cfg(feature = "read")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::io::Read;

use proptest::prelude::*;
use rayprism::format::{self, Format, Limits, ReadError, chrome, perfetto};
use rayprism::model::{Annotations, Lane, Trace};

fn written(trace: &Trace, format: Format) -> Vec<u8> {
    let mut file = Vec::new();
    format::write(trace, &Annotations::default(), format, &mut file)
        .expect("a vector takes everything");
    file
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_trace_comes_back_as_it_was_in_every_format(trace in support::any_trace()) {
        for format in Format::ALL {
            let file = written(&trace, format);
            prop_assert_eq!(&format::read(&file[..]).unwrap(), &trace);
            prop_assert_eq!(&file, &written(&trace, format));
        }
    }

    #[test]
    fn no_cut_and_no_changed_byte_makes_the_reader_panic(
        trace in support::any_trace(),
        at: prop::sample::Index,
        byte: u8,
    ) {
        let mut file = written(&trace, Format::Pftrace);
        let at = at.index(file.len());
        let cut = format::read(&file[..at]);
        // Without events, what is cut off at the end may all be for viewers.
        let holds = trace.lanes.iter().any(|lane| !lane.events.is_empty());
        prop_assert!(cut.is_err() || !holds || cut.unwrap() == trace);
        file[at] = byte;
        // The change may be harmless; what matters is that there is an answer.
        let _ = format::read(&file[..]);
    }
}

fn golden() -> Trace {
    chrome::read(&include_bytes!("perfetto/golden.json")[..]).unwrap()
}

/// A number at the front, and what follows.
fn varint(bytes: &[u8]) -> (usize, &[u8]) {
    let (front, rest) = bytes.split_at(bytes.iter().position(|byte| *byte < 0x80).unwrap() + 1);
    let number = front.iter().rev().fold(0, |sum, byte| sum << 7 | (*byte as usize & 0x7f));
    (number, rest)
}

/// The packets of a file, each with its tag and length.
fn packets(file: &[u8]) -> Vec<&[u8]> {
    let mut packets = Vec::new();
    let mut rest = file;
    while let Some((0x0a, after)) = rest.split_first() {
        let (length, content) = varint(after);
        let (packet, after) = rest.split_at(rest.len() - content.len() + length);
        packets.push(packet);
        rest = after;
    }
    assert!(rest.is_empty());
    packets
}

/// What is packed in a packet, if anything is.
fn packed(packet: &[u8]) -> Option<Vec<u8>> {
    let content = varint(&packet[1..]).1;
    let (tag, rest) = varint(content);
    if tag >> 3 != 50 {
        return None;
    }
    let mut unpacked = Vec::new();
    flate2::read::ZlibDecoder::new(varint(rest).1).read_to_end(&mut unpacked).unwrap();
    Some(unpacked)
}

/// The file with nothing packed in it.
fn unpacked(file: &[u8]) -> Vec<u8> {
    let plain = |packet: &&[u8]| packed(packet).unwrap_or_else(|| packet.to_vec());
    packets(file).iter().flat_map(plain).collect()
}

#[test]
fn what_is_wrong_is_told() {
    let file = written(&golden(), Format::Pftrace);
    let packets = packets(&file);
    let error = |file: &[u8]| format::read(file).expect_err("the file is broken").to_string();
    let foreign = "a trace without rayprism's header, so another tool wrote it; \
                   rayprism reads only its own, Perfetto opens both";
    assert_eq!(error(&packets[1..].concat()), foreign);
    let mut damaged = file.clone();
    let within = file.len() - packets[packets.len() - 1].len() / 2;
    damaged[within] ^= 0xff;
    assert!(error(&damaged).contains("cannot be unpacked"), "{}", error(&damaged));
    assert_eq!(
        error(&file[..40]),
        "truncated at byte 40, within the header; record it again, or get the whole file"
    );
    let plain = unpacked(&file);
    let packets = self::packets(&plain);
    let events = packets.iter().rposition(|packet| packet.len() > 20).unwrap();
    let without = [&packets[..events], &packets[events + 1..]].concat().concat();
    assert!(format::read(&without[..]).is_ok() || error(&without).contains("packet"));
    let mut newer = file.clone();
    let version = newer.windows(8).position(|bytes| bytes == b"rayprism").unwrap() + 9;
    newer[version] += 1;
    assert_eq!(
        error(&newer),
        "in trace format 6, newer than 5, the newest known here; update rayprism"
    );
}

#[test]
fn every_cut_is_told_with_the_number_of_events_before_it() {
    let trace = golden();
    let packed = written(&trace, Format::Pftrace);
    assert_eq!(every_cut(&packed, &trace), 0, "all of it is in one piece");
    let file = unpacked(&packed);
    assert!(format::read(&file[..]).unwrap() == trace && file.len() > packed.len());
    assert_eq!(every_cut(&file, &trace), events(&trace));
}

fn events(trace: &Trace) -> u64 {
    let of_lane = |lane: &Lane| {
        let told = lane.told.phases.len() + lane.told.notes.len();
        lane.events.len() + lane.watched.off_cpu.len() + lane.idling.stretches.len() + told
    };
    trace.lanes.iter().map(of_lane).sum::<usize>() as u64
}

/// The most events that were read before a cut.
fn every_cut(file: &[u8], trace: &Trace) -> u64 {
    let (all, mut most) = (events(trace), 0);
    for end in 1..file.len() {
        match format::read(&file[..end]) {
            Err(ReadError::Truncated { byte, events, promised }) => {
                assert_eq!((byte, promised), (end as u64, all));
                assert!(events >= most);
                most = events;
            }
            Err(ReadError::TruncatedHeader { byte }) => assert_eq!(byte, end as u64),
            // Only counters are missing.
            Ok(read) => assert!(read == *trace && most == all),
            Err(ReadError::Empty) if end == 1 => {}
            Err(error) => panic!("{end}: {error}"),
        }
    }
    most
}

#[test]
fn limits_are_told_with_the_option_that_raises_them() {
    let trace = golden();
    for format in Format::ALL {
        let file = written(&trace, format);
        let size = match format {
            Format::Json | Format::JsonGz => written(&trace, Format::Json).len(),
            Format::Pftrace | Format::PftraceGz => {
                let plain = written(&trace, Format::Pftrace);
                packets(&plain).into_iter().filter_map(packed).map(|inner| inner.len()).sum()
            }
        };
        let size = size as u64;
        let read = |total, entry| format::read_within(&file[..], &Limits { total, entry });
        assert_eq!(read(size, size).unwrap(), trace);
        let total = read(size - 1, size).unwrap_err().to_string();
        let expected = format!(
            "larger than {} bytes, the limit for what is unpacked; raise it with --max-size",
            size - 1
        );
        assert_eq!(total, expected, "{format:?}");
    }
    let pftrace = written(&trace, Format::Pftrace);
    let entry = format::read_within(&pftrace[..], &Limits { total: 1 << 30, entry: 100 });
    assert!(matches!(entry, Err(ReadError::EntryTooLarge { limit: 100, .. })), "{entry:?}");
}

/// Packets that unpack to very much are refused, and such as are packed twice.
#[test]
fn packets_that_unpack_to_too_much_are_refused() {
    use std::io::Write;
    let file = written(&golden(), Format::Pftrace);
    let packets = packets(&file);
    let (head, events) = packets.split_at(packets.len() - 1);
    let with = |content: &[u8], times: usize| {
        let mut packing = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packing.write_all(content).unwrap();
        let packed = packing.finish().unwrap();
        let packet = message(1, &message(50, &packed));
        [head.concat(), packet.repeat(times)].concat()
    };
    let limits = Limits { total: 4 << 20, entry: 1 << 20 };
    let read = |file: &[u8]| format::read_within(file, &limits).unwrap_err();
    let large = message(1, &vec![0; 2 << 20]);
    let error = read(&with(&large, 1));
    assert!(matches!(error, ReadError::EntryTooLarge { limit, .. } if limit == 1 << 20), "{error}");
    // A field that nobody knows.
    let fine = message(1, &message(9_000, &vec![0; 1_000_000]));
    let error = read(&with(&fine, 5));
    assert!(matches!(error, ReadError::TooLarge { limit } if limit == 4 << 20), "{error}");
    let error = read(&with(events[0], 1)).to_string();
    assert!(error.contains("packed again"), "{error}");
}

fn message(field: u64, content: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    for mut number in [field << 3 | 2, content.len() as u64] {
        while number >= 0x80 {
            message.push(number as u8 | 0x80);
            number >>= 7;
        }
        message.push(number as u8);
    }
    message.extend_from_slice(content);
    message
}

/// A gzip file that unpacks to very much takes no more memory than was allowed.
#[test]
fn a_bomb_is_refused() {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(b"[{\"ph\":\"").unwrap();
    for _ in 0..64 {
        packed.write_all(&[b'x'; 1 << 20]).unwrap();
    }
    let bomb = packed.finish().unwrap();
    assert!(bomb.len() < 1 << 17);
    let limits = Limits { total: 8 << 20, entry: 8 << 20 };
    let error = format::read_within(&bomb[..], &limits).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { limit } if limit == 8 << 20), "{error}");
    let limits = Limits { total: 1 << 30, entry: 1 << 20 };
    let error = format::read_within(&bomb[..], &limits).unwrap_err();
    assert!(matches!(error, ReadError::EntryTooLarge { .. }), "{error}");
    let cut = format::read(&bomb[..bomb.len() / 2]).unwrap_err();
    assert!(matches!(cut, ReadError::Unpack { .. }), "{cut}");
}

#[test]
fn a_module_reads_what_it_writes() {
    let mut file = Vec::new();
    perfetto::write(&golden(), &mut file).unwrap();
    assert_eq!(perfetto::read(&file[..]).unwrap(), golden());
}
