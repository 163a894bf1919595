//! One file, served to one page: Perfetto's UI may fetch a trace from this machine, and nobody else
//! anything.
//!
//! The UI asks for a trace's bytes with its origin, and first of all whether a trace processor
//! listens here (`POST /status`); it is told no. Whatever comes from another origin, or from none,
//! gets nothing: a page of somebody else's that is open in the same browser could ask as well.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tiny_http::{Header, Method, Request, Response, Server};

/// A server of one file.
pub(super) struct Served {
    server: Server,
    port: u16,
    /// The path under which the file is.
    path: String,
    /// The origin that may have it.
    origin: String,
}

impl Served {
    /// Listens on the loopback address.
    pub(super) fn new(port: u16, name: &str, origin: &str) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let server =
            Server::http(address).map_err(|error| match error.downcast::<io::Error>() {
                Ok(error) => *error,
                Err(error) => io::Error::other(error.to_string()),
            })?;
        let port = server.server_addr().to_ip().map_or(port, |address| address.port());
        let path = format!("/{}", encoded(name));
        Ok(Self { server, port, path, origin: origin.to_owned() })
    }

    /// Where the file is.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.path)
    }

    /// Serves until the file was fetched once, whole. `open` opens it anew for each request.
    pub(super) fn until_fetched(&self, open: impl Fn() -> io::Result<File>) -> io::Result<()> {
        loop {
            let request = self.server.recv()?;
            if self.answer(request, &open)? {
                return Ok(());
            }
        }
    }

    /// Answers a request; whether the file was fetched. A client that goes away is no error.
    fn answer(&self, request: Request, open: impl Fn() -> io::Result<File>) -> io::Result<bool> {
        if !self.is_theirs(&request) {
            let _ = request.respond(Response::empty(403));
            return Ok(false);
        }
        if request.url() != self.path {
            let _ = request.respond(self.shared(Response::empty(404)));
            return Ok(false);
        }
        match request.method() {
            Method::Get => {}
            Method::Head => {
                let _ = request.respond(self.shared(Response::from_file(open()?)));
                return Ok(false);
            }
            // A page asks beforehand whether it may fetch from a private address.
            Method::Options => {
                let response = self.shared(Response::empty(204));
                let network = header("Access-Control-Allow-Private-Network", "true");
                let _ = request.respond(response.with_header(network));
                return Ok(false);
            }
            _ => {
                let _ = request.respond(self.shared(Response::empty(405)));
                return Ok(false);
            }
        }
        Ok(request.respond(self.shared(Response::from_file(open()?))).is_ok())
    }

    /// Whether a request comes from the page that may have the file. The host must be this one, too:
    /// a name of somebody else's can be made to mean this machine.
    fn is_theirs(&self, request: &Request) -> bool {
        let value = |name: &'static str| {
            let mut headers = request.headers().iter();
            headers.find(|header| header.field.equiv(name)).map(|header| header.value.as_str())
        };
        let hosts = ["127.0.0.1", "localhost"].map(|host| format!("{host}:{}", self.port));
        let ours = value("Host").is_some_and(|host| hosts.iter().any(|own| own == host));
        ours && value("Origin") == Some(self.origin.as_str())
    }

    /// Lets the page see the response.
    fn shared<R: io::Read>(&self, response: Response<R>) -> Response<R> {
        response
            .with_header(header("Access-Control-Allow-Origin", &self.origin))
            .with_header(header("Cache-Control", "no-store"))
            .with_header(header("Vary", "Origin"))
    }
}

/// Fields and values are ours, and the origin was parsed from an address.
fn header(field: &str, value: &str) -> Header {
    Header::from_bytes(field, value).expect("no line feeds are in it")
}

/// A name as a part of an address, other bytes than the plain ones as their numbers.
pub(super) fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The origin of an address: its scheme and host, and nothing behind; `None` if it is none of the
/// web's.
pub(super) fn origin(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let host = rest.find(['/', '?', '#']).map_or(rest, |end| &rest[..end]);
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    let length = url.len() - rest.len() + host.len();
    (!host.is_empty() && host.bytes().all(fine)).then(|| &url[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_an_origin() {
        assert_eq!(origin("https://ui.perfetto.dev"), Some("https://ui.perfetto.dev"));
        assert_eq!(origin("http://127.0.0.1:80/x/?y#z"), Some("http://127.0.0.1:80"));
        for none in
            ["", "ui.perfetto.dev", "file:///x", "https://", "https://a b", "https://a\r\nb"]
        {
            assert_eq!(origin(none), None, "{none}");
        }
    }

    #[test]
    fn names_are_encoded() {
        assert_eq!(encoded("a b/é%.json"), "a%20b%2F%C3%A9%25.json");
    }
}
