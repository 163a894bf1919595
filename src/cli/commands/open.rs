//! `open FILE`: a trace in Perfetto's UI, which fetches it from here.

use std::fs::File;
use std::io;

use anyhow::{Context, anyhow};

use crate::cli::args::OpenArgs;
use crate::cli::failure::Failure;
use crate::cli::serve::{self, Served};
use crate::cli::terminal;

pub(in crate::cli) fn open(args: &OpenArgs) -> Result<(), Failure> {
    let ui = args.ui.trim_end_matches('/');
    let origin = serve::origin(ui).ok_or_else(|| {
        let error = anyhow!("{} is not the address of a page", args.ui);
        Failure::usage(error, "give one with --ui, such as https://ui.perfetto.dev")
    })?;
    let file = || File::open(&args.file);
    readable(file)
        .with_context(|| format!("failed to open {}", args.file.display()))
        .map_err(|error| Failure::input(error, "give a trace file"))?;
    let name = args.file.file_name().unwrap_or(args.file.as_os_str()).to_string_lossy();
    let served = Served::new(args.port, &name, origin).map_err(|error| busy(error, args.port))?;
    let page = format!("{ui}/#!/?url={}", served.url());
    terminal::print(|out| {
        writeln!(out, "{page}")?;
        writeln!(out, "serving {} until it was fetched; Ctrl-C ends it", args.file.display())
    })?;
    if !args.no_browser {
        browse(&page)?;
    }
    served
        .until_fetched(file)
        .context("failed to serve the trace")
        .map_err(|error| Failure::runtime(error, "try again, or open the file in the UI by hand"))
}

fn readable(open: impl Fn() -> io::Result<File>) -> io::Result<()> {
    if open()?.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(())
}

fn busy(error: io::Error, port: u16) -> Failure {
    let taken = error.kind() == io::ErrorKind::AddrInUse;
    let what = format!("failed to listen on 127.0.0.1:{port}");
    let error = anyhow::Error::new(error).context(what);
    if taken {
        return Failure::runtime(
            error,
            "end what listens there (another rayprism open, or trace_processor), or open the file \
             in the UI by hand",
        );
    }
    Failure::runtime(error, "give another port with --port, or open the file in the UI by hand")
}

/// Without a browser the address can still be opened by hand.
fn browse(page: &str) -> Result<(), Failure> {
    match webbrowser::open(page) {
        Ok(()) => Ok(()),
        Err(error) => terminal::print(|out| {
            writeln!(out, "no browser was opened ({error}): open the address by hand")
        }),
    }
}
