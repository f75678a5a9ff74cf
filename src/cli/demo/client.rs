//! A client of the API, as an app would have one.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::request::Builder;
use ureq::http::{Method, Request, Response};

use crate::cli::failure::Failure;

/// Sends requests to one server, and remembers what was asked and answered.
pub(super) struct Client {
    agent: Agent,
    base: String,
    log: Vec<String>,
}

/// What a request carries beside its body.
#[derive(Default)]
pub(super) struct Extra<'a> {
    /// The access token.
    pub(super) token: Option<&'a str>,
    /// Further headers.
    pub(super) headers: &'a [(&'a str, &'a str)],
}

/// What came back.
pub(super) struct Reply {
    status: u16,
    etag: Option<String>,
    body: Value,
}

impl Client {
    /// A client of the server at this address.
    pub(super) fn new(address: SocketAddr) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .proxy(None)
            .build();
        Self { agent: Agent::new_with_config(config), base: format!("http://{address}"), log: Vec::new() }
    }

    /// Sends a request, with a body of JSON if there is one.
    pub(super) fn send(
        &mut self,
        method: Method,
        path: &str,
        extra: &Extra<'_>,
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        let request = self.request(&method, path, extra);
        let sent = match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json").body(body.to_string());
                request.map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
            }
            None => request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request)),
        };
        self.read(&method, path, sent)
    }

    /// Sends a file as it is.
    pub(super) fn upload(&mut self, path: &str, extra: &Extra<'_>, file: &[u8]) -> Result<Reply, Failure> {
        let request = self.request(&Method::POST, path, extra).body(file);
        let sent = request.map_err(ureq::Error::from).and_then(|request| self.agent.run(request));
        self.read(&Method::POST, path, sent)
    }

    /// Fetches a whole address, without credentials; it is told without its query.
    pub(super) fn fetch(&mut self, address: &str) -> Result<Reply, Failure> {
        let path = self.path_of(address);
        let sent = self.agent.get(address).call();
        self.read(&Method::GET, &path, sent)
    }

    /// Fetches the bytes at a whole address, without credentials.
    pub(super) fn download(&mut self, address: &str) -> Result<Vec<u8>, Failure> {
        let failed = |error: ureq::Error| Failure::new(format!("a picture was not answered: {error}"));
        let mut response = self.agent.get(address).call().map_err(failed)?;
        let (path, status) = (self.path_of(address), response.status().as_u16());
        self.log.push(format!("GET {path} -> {status}"));
        response.body_mut().read_to_vec().map_err(failed)
    }

    /// The path of a whole address; a query that signs it is told to nobody.
    fn path_of(&self, address: &str) -> String {
        let path = address.strip_prefix(&self.base).unwrap_or(address);
        path.split_once('?').map_or(path, |(path, _)| path).to_owned()
    }

    fn request(&self, method: &Method, path: &str, extra: &Extra<'_>) -> Builder {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = extra.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        for (name, value) in extra.headers {
            request = request.header(*name, *value);
        }
        request
    }

    fn read(
        &mut self,
        method: &Method,
        path: &str,
        sent: Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<Reply, Failure> {
        let failed = |error: ureq::Error| Failure::new(format!("{method} {path} was not answered: {error}"));
        let mut response = sent.map_err(failed)?;
        let status = response.status().as_u16();
        let etag = response.headers().get("ETag").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = response.body_mut().read_to_string().map_err(failed)?;
        // An answer that is no JSON fails the step that reads it.
        let reply = Reply { status, etag, body: serde_json::from_str(&text).unwrap_or_default() };
        self.log.push(format!("{method} {path} -> {}", reply.outcome()));
        Ok(reply)
    }

    /// What was asked and answered since the last time, one line for each request.
    pub(super) fn take_log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }
}

impl Reply {
    /// The status, and the code of a refusal.
    fn outcome(&self) -> String {
        match self.body.get("code").and_then(Value::as_str) {
            Some(code) if self.status >= 400 => format!("{} {code}", self.status),
            _ => self.status.to_string(),
        }
    }

    /// The body of an answer that must have this status.
    pub(super) fn expect(self, status: u16) -> Result<Value, Failure> {
        if self.status == status {
            return Ok(self.body);
        }
        let detail = self.body.get("detail").and_then(Value::as_str).unwrap_or_default();
        Err(Failure::new(format!("expected {status}, but got {}: {detail}", self.outcome())))
    }

    /// The reason of a refusal that must have this status and code.
    pub(super) fn refused(self, status: u16, code: &str) -> Result<String, Failure> {
        let outcome = self.outcome();
        if outcome != format!("{status} {code}") {
            return Err(Failure::new(format!("expected {status} {code}, but got {outcome}")));
        }
        let detail = self.body.get("detail").and_then(Value::as_str);
        Ok(detail.unwrap_or_default().to_owned())
    }

    /// What came back, whatever it is.
    pub(super) fn body(&self) -> &Value {
        &self.body
    }

    /// The version to name in `If-Match`.
    pub(super) fn etag(&self) -> Result<String, Failure> {
        self.etag.clone().ok_or_else(|| Failure::new("expected an ETag, but got none"))
    }
}

/// The member at a JSON pointer, which must be there.
pub(super) fn at<'a>(body: &'a Value, pointer: &str) -> Result<&'a Value, Failure> {
    body.pointer(pointer)
        .ok_or_else(|| Failure::new(format!("expected the answer to have {pointer}: {body}")))
}

/// The text at a JSON pointer, which must be there.
pub(super) fn text_at(body: &Value, pointer: &str) -> Result<String, Failure> {
    let text = at(body, pointer)?.as_str();
    text.map(str::to_owned).ok_or_else(|| Failure::new(format!("expected a text at {pointer}: {body}")))
}
