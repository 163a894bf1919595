//! STUB, thrown away when the real one is merged.
#![allow(unsafe_code, missing_docs)]
use super::recorder::{self, Detail, OnFull, Settings};
use std::sync::Once;
/// .
pub const VARIABLE: &str = "RAYPRISM_ATTACH";
/// .
#[derive(Debug)]
pub struct FrontEnd {
    /// .
    pub calibrate: fn() -> Result<Calibrated, String>,
}
/// .
#[derive(Clone, Copy, Debug)]
pub struct Calibrated {
    /// .
    pub join_ps: u64,
    /// .
    pub spawn_ps: u64,
    /// .
    pub job_ps: u64,
}
/// .
#[derive(Debug)]
pub enum Attached {
    /// .
    NotAsked,
    /// .
    Before,
    /// .
    Now,
    /// .
    Not(String),
}
/// .
pub fn attach(_front: &'static FrontEnd) -> Attached {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Ok(detail) = std::env::var(VARIABLE) {
            let detail = match &*detail {
                "count" => Detail::Count,
                "full" => Detail::Full,
                _ => Detail::Auto,
            };
            let _ = recorder::start(Settings {
                detail,
                capacity: 1 << 18,
                on_full: OnFull::Collapse,
                gauge: None,
            });
            unsafe extern "C" {
                fn atexit(f: extern "C" fn()) -> i32;
            }
            extern "C" fn end() {
                let Some(r) = recorder::stop() else { return };
                for (m, f) in &r.threads {
                    let Some(f) = f else { continue };
                    eprintln!(
                        "{:?} {:?} {:?} {:?} events {} tallies {:?}",
                        m.lane,
                        m.seat(),
                        m.name,
                        f.counts,
                        f.events.len(),
                        f.tallies
                            .iter()
                            .map(|t| (
                                &f.texts[t.site as usize - 1],
                                &f.texts[t.chain as usize - 1],
                                t.operations,
                                t.splits,
                                t.leaves,
                                t.items,
                                t.reductions,
                                t.steals
                            ))
                            .collect::<Vec<_>>()
                    );
                    if std::env::var_os("RAYPRISM_EVENTS").is_some() {
                        for e in &f.events {
                            eprintln!("   {e:?}");
                        }
                    }
                }
            }
            unsafe {
                atexit(end);
            }
        }
    });
    Attached::Before
}
/// .
pub fn is_serial() -> bool {
    false
}
