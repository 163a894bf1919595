//! Whether the reader of Chrome JSON has an answer to any file, and what it reads can be written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rayprism::format::chrome;

fuzz_target!(|file: &[u8]| {
    if let Ok(trace) = chrome::read(file) {
        let mut again = Vec::new();
        chrome::write(&trace, &mut again).expect("a vector takes everything");
        let back = chrome::read(&again[..]).expect("what was written");
        assert!(back == trace, "what was read comes back changed");
    }
});
