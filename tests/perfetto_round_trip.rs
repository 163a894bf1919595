//! Whatever is written as Perfetto's protobuf, or compressed, is read back unchanged.

#![cfg(feature = "read")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

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

/// The packets of a file, each with its tag and length.
fn packets(file: &[u8]) -> Vec<&[u8]> {
    let mut packets = Vec::new();
    let mut rest = file;
    while let Some((0x0a, after)) = rest.split_first() {
        let front = after.iter().position(|byte| *byte < 0x80).unwrap() + 1;
        let length = after[..front]
            .iter()
            .enumerate()
            .fold(0, |sum, (at, byte)| sum | (*byte as usize & 0x7f) << (7 * at));
        let (packet, after) = rest.split_at(1 + front + length);
        packets.push(packet);
        rest = after;
    }
    assert!(rest.is_empty());
    packets
}

#[test]
fn what_is_wrong_is_told() {
    let file = written(&golden(), Format::Pftrace);
    let packets = packets(&file);
    let error = |file: &[u8]| format::read(file).expect_err("the file is broken").to_string();
    let foreign = "a trace without rayprism's header, so another tool wrote it; \
                   rayprism reads only its own, Perfetto opens both";
    assert_eq!(error(&packets[6..].concat()), foreign);
    assert_eq!(
        error(&file[..40]),
        "truncated at byte 40, within the header; record it again, or get the whole file"
    );
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
    let file = written(&trace, Format::Pftrace);
    let of_lane = |lane: &Lane| {
        let told = lane.told.phases.len() + lane.told.notes.len();
        lane.events.len() + lane.watched.off_cpu.len() + lane.idling.stretches.len() + told
    };
    let all: usize = trace.lanes.iter().map(of_lane).sum();
    let mut most = 0;
    for end in 1..file.len() {
        match format::read(&file[..end]) {
            Err(ReadError::Truncated { byte, events, promised }) => {
                assert_eq!((byte, promised), (end as u64, all as u64));
                assert!(events >= most);
                most = events;
            }
            Err(ReadError::TruncatedHeader { byte }) => assert_eq!(byte, end as u64),
            // Only counters are missing.
            Ok(read) => assert!(read == trace && most == all as u64),
            Err(ReadError::Empty) if end == 1 => {}
            Err(error) => panic!("{end}: {error}"),
        }
    }
    assert_eq!(most, all as u64);
}

#[test]
fn limits_are_told_with_the_option_that_raises_them() {
    let trace = golden();
    for format in Format::ALL {
        let file = written(&trace, format);
        let unpacked = written(
            &trace,
            match format {
                Format::JsonGz => Format::Json,
                Format::PftraceGz => Format::Pftrace,
                plain => plain,
            },
        );
        let size = unpacked.len() as u64;
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
