//! Somebody who sends requests, and what comes back.

use std::ops::Index;
use std::sync::Arc;
use std::time::Duration;

use greenlight::domain::ids::{PersonId, SessionId};
use greenlight::error::Code;
use greenlight::store::write::WriteTx;
use greenlight::store::{Lane, sessions};
use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Method, Request as HttpRequest, Response};

use super::app::Node;
use super::process::ServerProcess;

/// One client of one server.
#[derive(Clone)]
pub struct Client {
    node: Arc<Node>,
    url: String,
    agent: Agent,
    credentials: Credentials,
}

#[derive(Clone)]
enum Credentials {
    None,
    /// Signed in. The token is made for each request, so that it is good whatever the clock says.
    Session(PersonId, SessionId),
    Bearer(String),
}

impl Client {
    /// Nobody in particular.
    pub fn anonymous(node: Arc<Node>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        let url = node.url.clone();
        Self { node, url, agent: config.into(), credentials: Credentials::None }
    }

    /// The person, in a session of their own: signing in takes a slow hash, so the session is made
    /// without it.
    pub fn signed_in(self, person: PersonId) -> Self {
        let session = SessionId::generate();
        let now = self.node.app.clock.now();
        let ends = now.after(Duration::from_hours(10 * 365 * 24));
        let begin = |tx: &mut WriteTx<'_>| sessions::insert(tx.conn(), session, person, now, ends);
        self.node.app.db.write_now(Lane::Ordinary, begin).unwrap();
        Self { credentials: Credentials::Session(person, session), ..self }
    }

    /// The same place with an access token or an API key.
    pub fn with_bearer(&self, bearer: &str) -> Self {
        Self { credentials: Credentials::Bearer(bearer.to_owned()), ..self.clone() }
    }

    /// The same person at a server in a process of its own.
    pub fn at_process(&self, server: &ServerProcess) -> Self {
        Self { url: server.url.clone(), ..self.clone() }
    }

    /// The same person at another server.
    pub fn at_node(&self, node: &Node) -> Self {
        Self { url: node.url.clone(), ..self.clone() }
    }

    /// The id of the person who is signed in.
    pub fn id(&self) -> String {
        match self.credentials {
            Credentials::Session(person, _) => person.to_string(),
            _ => panic!("nobody is signed in"),
        }
    }

    /// Where the server listens, for stories that speak to it byte by byte.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// The header `Authorization` of a request now.
    pub fn authorization(&self) -> String {
        format!("Bearer {}", self.bearer().expect("somebody asks"))
    }

    pub fn get(&self, path: &str) -> Request<'_> {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Request<'_> {
        self.request(Method::POST, path)
    }

    pub fn put(&self, path: &str) -> Request<'_> {
        self.request(Method::PUT, path)
    }

    pub fn patch(&self, path: &str) -> Request<'_> {
        self.request(Method::PATCH, path)
    }

    pub fn delete(&self, path: &str) -> Request<'_> {
        self.request(Method::DELETE, path)
    }

    /// A request with any method.
    pub fn request(&self, method: Method, path: &str) -> Request<'_> {
        Request { client: self, method, path: path.to_owned(), headers: Vec::new(), body: None }
    }

    fn bearer(&self) -> Option<String> {
        match &self.credentials {
            Credentials::None => None,
            Credentials::Bearer(bearer) => Some(bearer.clone()),
            Credentials::Session(person, session) => {
                let app = &self.node.app;
                Some(app.tokens.issue(*person, *session, app.clock.now()).unwrap())
            }
        }
    }
}

/// A request in the making.
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request<'_> {
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A JSON body, with the media type that the method takes.
    pub fn json(self, body: &Value) -> Self {
        let media_type =
            if self.method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        self.body(media_type, body.to_string())
    }

    /// Any body.
    pub fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("Content-Type", media_type)
    }

    /// `If-Match` with a resource's version.
    pub fn if_match(self, version: &Value) -> Self {
        self.header("If-Match", format!("\"{version}\""))
    }

    pub fn idempotency_key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    pub fn purpose(self, purpose: &str) -> Self {
        self.header("Greenlight-Purpose", purpose)
    }

    /// `Greenlight-Person`, for keys.
    pub fn on_behalf_of(self, person: &str) -> Self {
        self.header("Greenlight-Person", person)
    }

    /// Sends it, whatever comes back.
    pub fn send(self) -> Answer {
        let title = format!("{} {}", self.method, self.path);
        let mut request =
            HttpRequest::builder().method(self.method).uri(format!("{}{}", self.client.url, self.path));
        if let Some(bearer) = self.client.bearer() {
            request = request.header("Authorization", format!("Bearer {bearer}"));
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let response = match self.body {
            Some(body) => self.client.agent.run(request.body(body).unwrap()),
            None => self.client.agent.run(request.body(()).unwrap()),
        };
        Answer::read(&title, response.unwrap_or_else(|error| panic!("{title}: {error}")))
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    title: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// The body, where it is text.
    pub text: String,
    /// The body, if it is JSON.
    pub json: Value,
}

impl Answer {
    fn read(title: &str, mut response: Response<ureq::Body>) -> Self {
        let bytes = response.body_mut().read_to_vec().unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self {
            title: title.to_owned(),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            json: serde_json::from_str(&text).unwrap_or_default(),
            bytes,
            text,
        }
    }

    /// The answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.title, self.text);
        self
    }

    /// The answer, which must be the problem document of this code, with everything that it promises.
    #[track_caller]
    pub fn problem(self, code: &str) -> Self {
        let title = &self.title;
        assert_eq!(self.json["code"], code, "{title}: {} {}", self.status, self.text);
        let known = Code::ALL.iter().find(|known| known.slug() == code).expect("a code of the table");
        assert_eq!(self.status, known.status(), "{title}: {}", self.text);
        assert_eq!(self.json["status"], known.status(), "{title}");
        assert_eq!(self.header("Content-Type"), "application/problem+json", "{title}");
        assert_eq!(self.json["type"], format!("urn:greenlight:problem:{code}"), "{title}");
        assert_eq!(self.json["request_id"], self.header("X-Request-Id"), "{title}");
        assert_eq!(self.json["instance"], format!("urn:uuid:{}", self.text("/request_id")), "{title}");
        self
    }

    /// A header, which must be there.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("{}: no header {name}", self.title));
        value.to_str().unwrap()
    }

    /// The text at a JSON pointer, which must be there.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> &str {
        let value = self.json.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("{}: no text at {pointer}: {}", self.title, self.text))
    }

    /// The array at a JSON pointer, which must be there.
    #[track_caller]
    pub fn list(&self, pointer: &str) -> &[Value] {
        let value = self.json.pointer(pointer).and_then(Value::as_array);
        value.unwrap_or_else(|| panic!("{}: no array at {pointer}: {}", self.title, self.text))
    }
}

/// A member of the body; null when it is absent.
impl Index<&str> for Answer {
    type Output = Value;

    fn index(&self, member: &str) -> &Value {
        &self.json[member]
    }
}
