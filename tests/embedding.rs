//! `src/record` compiles by itself, in the edition of the crate that it will be embedded into,
//! with std alone.

use std::path::Path;
use std::process::Command;

#[test]
fn the_recorder_compiles_alone() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/record/mod.rs");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libembedded_record.rmeta");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition", "2021", "--crate-type", "lib", "--emit", "metadata"])
        .args(["--crate-name", "embedded_record", "-D", "warnings", "-o"])
        .arg(&out)
        .arg(&source)
        .output()
        .expect("rustc runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}
