//! The command `rayprism`.
fn main() {}
