//! placeholder
use crate::record::Meaning;
pub(super) fn meaning(source: &str, consumer: &str) -> Meaning {
    Meaning {
        words: String::from("?"),
        opaque: consumer.contains("chunks::"),
        bridged: source.contains("IterBridge"),
    }
}
