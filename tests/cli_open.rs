//! `open` serves one file to one page, once.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod cli_support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};

use cli_support::Sandbox;
use ureq::Agent;
use ureq::http::Response;

const UI: &str = "https://ui.perfetto.dev";
const TRACE: &[u8] = b"what is in it does not matter to whoever serves it";

/// A running `open`. The port is any that is free, so that tests do not meet.
struct Serving {
    child: Child,
    lines: BufReader<ChildStdout>,
    url: String,
}

impl Serving {
    fn start(sandbox: &Sandbox) -> Self {
        sandbox.write("a trace.json", TRACE);
        let mut command = sandbox
            .other(cli_support::BINARY, &["open", "a trace.json", "--no-browser", "--port", "0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut page = String::new();
        lines.read_line(&mut page).unwrap();
        let url = page.trim().strip_prefix("https://ui.perfetto.dev/#!/?url=").unwrap().to_owned();
        Self { child, lines, url }
    }

    fn port(&self) -> u16 {
        let host = self.url.strip_prefix("http://127.0.0.1:").unwrap();
        host.split('/').next().unwrap().parse().unwrap()
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).build().into()
}

fn get(url: &str, origin: Option<&str>) -> Response<ureq::Body> {
    let request = agent().get(url);
    match origin {
        Some(origin) => request.header("Origin", origin).call().unwrap(),
        None => request.call().unwrap(),
    }
}

#[test]
fn the_page_gets_the_file_and_then_it_is_over() {
    let sandbox = Sandbox::new();
    let mut serving = Serving::start(&sandbox);
    assert!(serving.url.ends_with("/a%20trace.json"), "{}", serving.url);
    let mut response = get(&serving.url, Some(UI));
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["Access-Control-Allow-Origin"], UI);
    assert_eq!(response.body_mut().read_to_vec().unwrap(), TRACE);
    assert!(serving.child.wait().unwrap().success());
    let mut rest = String::new();
    serving.lines.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "serving a trace.json until it was fetched; Ctrl-C ends it\n");
    assert!(agent().get(&serving.url).header("Origin", UI).call().is_err(), "nobody listens");
}

#[test]
fn nobody_else_gets_anything() {
    let sandbox = Sandbox::new();
    let mut serving = Serving::start(&sandbox);
    let others = [
        None,
        Some("https://evil.example"),
        Some("null"),
        Some("https://ui.perfetto.dev.evil.example"),
    ];
    for origin in others {
        let mut response = get(&serving.url, origin);
        assert_eq!(response.status(), 403, "{origin:?}");
        assert!(!response.headers().contains_key("Access-Control-Allow-Origin"), "{origin:?}");
        assert_eq!(response.body_mut().read_to_vec().unwrap(), b"");
    }
    let base = format!("http://127.0.0.1:{}", serving.port());
    for path in ["/", "/other.json", "/../a%20trace.json", "//a%20trace.json", "/a%20trace.json?x"]
    {
        assert_eq!(get(&format!("{base}{path}"), Some(UI)).status(), 404, "{path}");
    }
    let status = agent().post(format!("{base}/status")).header("Origin", UI).send_empty().unwrap();
    assert_eq!(status.status(), 404, "no trace processor is here");
    assert!(serving.is_running(), "none of them was a fetch");
    assert_eq!(get(&serving.url, Some(UI)).status(), 200);
}

/// A name of somebody else's can be made to mean this machine; the browser then sends that name.
#[test]
fn another_host_gets_nothing() {
    let sandbox = Sandbox::new();
    let mut serving = Serving::start(&sandbox);
    let mut stream = TcpStream::connect(("127.0.0.1", serving.port())).unwrap();
    let host = format!("evil.example:{}", serving.port());
    let request = format!(
        "GET /a%20trace.json HTTP/1.1\r\nHost: {host}\r\nOrigin: {UI}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 403"), "{response}");
    assert!(serving.is_running());
}

#[test]
fn asking_is_no_fetch() {
    let sandbox = Sandbox::new();
    let mut serving = Serving::start(&sandbox);
    let asked = agent().options(&serving.url).header("Origin", UI).call().unwrap();
    assert_eq!(asked.status(), 204);
    assert_eq!(asked.headers()["Access-Control-Allow-Origin"], UI);
    let head = agent().head(&serving.url).header("Origin", UI).call().unwrap();
    assert_eq!(head.status(), 200);
    assert!(serving.is_running());
}

#[test]
fn what_hinders_it_is_told() {
    let sandbox = Sandbox::new();
    let serving = Serving::start(&sandbox);
    let port = serving.port();
    let ran = sandbox.run(&format!("open t.json --no-browser --port {port}"));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("failed to open t.json"), "{}", ran.stderr);
    sandbox.write("t.json", TRACE);
    let ran = sandbox.run(&format!("open t.json --no-browser --port {port}"));
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let expected = format!("error: failed to listen on 127.0.0.1:{port}: ");
    assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
    assert!(ran.stderr.contains("end what listens there"), "{}", ran.stderr);
    assert_eq!(sandbox.run("open . --no-browser --port 0").code, Some(3));
    assert_eq!(sandbox.run("open t.json --no-browser --port 0 --ui nowhere").code, Some(2));
}
