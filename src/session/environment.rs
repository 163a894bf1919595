//! A recording that the environment asks for: `RAYPRISM_OUT=FILE` starts one with the first use of
//! rayon and writes it when the program ends; `RAYPRISM_DETAIL` sets the detail. With
//! `RAYPRISM_ATTACH` it is `rayprism record` that asks, and that writes.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Mutex, Once, PoisonError};

use super::{Session, calibration};
use crate::model::{Detail, Measured};
use crate::record::attach::{self, Attached, Calibrated, FrontEnd};

/// The recording that is to be written when the program ends, and where.
static AT_EXIT: Mutex<Option<(Session, PathBuf)>> = Mutex::new(None);

static FRONT_END: FrontEnd = FrontEnd { calibrate };

fn calibrate() -> Result<Calibrated, String> {
    match calibration::rayon_costs() {
        Measured::Is(costs) => Ok(Calibrated {
            join_ps: costs.join_ps,
            spawn_ps: costs.spawn_ps,
            job_ps: costs.job_ps,
        }),
        Measured::Not(reason) => Err(reason),
    }
}

/// Starts the recording that the environment asks for, if it does; the first call decides.
pub(crate) fn start_from_environment() {
    static START: Once = Once::new();
    if let Attached::Not(refused) = attach::attach(&FRONT_END) {
        complain(&format!("{refused}; the program runs unrecorded"));
    }
    START.call_once(|| {
        if let Some(path) = env::var_os("RAYPRISM_OUT") {
            start(path.into(), env::var_os("RAYPRISM_DETAIL"));
        }
    });
}

fn start(path: PathBuf, detail: Option<OsString>) {
    if cfg!(not(unix)) {
        return complain("RAYPRISM_OUT is not supported on this system; use Session::builder()");
    }
    let detail = match detail {
        None => Detail::Auto,
        Some(detail) => parse(&detail).unwrap_or_else(|| {
            complain(&format!(
                "RAYPRISM_DETAIL is {}, not off, count, auto or full; recording with auto",
                detail.to_string_lossy()
            ));
            Detail::Auto
        }),
    };
    if detail == Detail::Off {
        return;
    }
    match Session::builder().detail(detail).start() {
        Ok(session) => {
            *AT_EXIT.lock().unwrap_or_else(PoisonError::into_inner) = Some((session, path));
            register_exit();
        }
        Err(error) => complain(&format!("RAYPRISM_OUT is set, but {error}")),
    }
}

fn parse(detail: &OsString) -> Option<Detail> {
    match detail.to_str()? {
        "off" => Some(Detail::Off),
        "count" => Some(Detail::Count),
        "auto" => Some(Detail::Auto),
        "full" => Some(Detail::Full),
        _ => None,
    }
}

#[cfg(unix)]
fn register_exit() {
    extern "C" fn at_exit() {
        // A panic must not cross into C.
        let _ = std::panic::catch_unwind(write);
    }
    #[expect(unsafe_code, reason = "the C library's exit hook is the only one")]
    // SAFETY: the handler takes nothing, unwinds nowhere, and is code that is never unloaded.
    let status = unsafe { libc::atexit(at_exit) };
    if status != 0 {
        complain("the exit hook could not be set; the recording will not be written");
    }
}

#[cfg(not(unix))]
fn register_exit() {}

/// Ends the recording and writes it.
#[cfg(unix)]
fn write() {
    let taken = AT_EXIT.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((session, path)) = taken {
        if crate::linux::is_fork() {
            // A fork's copy: the recording is its parent's, and so is the file.
            return std::mem::forget(session);
        }
        match session.write(&path) {
            Ok(()) => complain(&format!("trace written to {}", path.display())),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                let cause = cause.unwrap_or_default();
                complain(&format!("{error}: {cause}; set RAYPRISM_OUT to another path"));
            }
        }
    }
}

/// One line to the program's standard error: there is no caller to return it to.
#[expect(clippy::print_stderr, reason = "the program's exit has no other way to tell its user")]
fn complain(message: &str) {
    eprintln!("rayprism: {message}");
}
