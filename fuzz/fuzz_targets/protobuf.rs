//! Whether the reader of Perfetto's protobuf has an answer to any file, and what it reads can be written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rayprism::format::perfetto;

fuzz_target!(|file: &[u8]| {
    if let Ok(trace) = perfetto::read(file) {
        let mut again = Vec::new();
        perfetto::write(&trace, &mut again).expect("a vector takes everything");
        let back = perfetto::read(&again[..]).expect("what was written");
        assert!(back == trace, "what was read comes back changed");
    }
});
