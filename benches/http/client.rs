//! A small HTTP/1.1 client on one kept-alive connection: the load must cost less than what it measures.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

/// One connection to a server.
pub struct Client {
    address: SocketAddr,
    token: Option<String>,
    stream: BufReader<TcpStream>,
}

/// What came back.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Whether the status is as expected; what came back instead is printed.
    pub fn is(&self, status: u16) -> bool {
        if self.status != status {
            eprintln!("{}: {}", self.status, String::from_utf8_lossy(&self.body));
        }
        self.status == status
    }

    /// The body as JSON, if the status is as expected; else the run is over.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr, token: Option<&str>) -> Self {
        let stream = TcpStream::connect(address).expect("the server takes connections");
        stream.set_nodelay(true).expect("the socket takes options");
        Self { address, token: token.map(str::to_owned), stream: BufReader::new(stream) }
    }

    /// Reads something.
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    /// Sends a body.
    pub fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.send("POST", path, headers, Some(body))
    }

    /// Sends a file that needs no key.
    pub fn send_file(&mut self, path: &str, media_type: &str, file: &[u8]) -> Answer {
        self.write("POST", path, &[("Content-Type", media_type)], file)
    }

    /// Sends a file.
    pub fn upload(&mut self, path: &str, key: &str, media_type: &str, file: &[u8]) -> Answer {
        let headers = [("Idempotency-Key", key), ("Content-Type", media_type)];
        self.write("POST", path, &headers, file)
    }

    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut headers = headers.to_vec();
        if !body.is_empty() {
            headers.push(("Content-Type", "application/json"));
        }
        self.write(method, path, &headers, body.as_bytes())
    }

    fn write(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        if let Some(token) = &self.token {
            head.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let request = [head.as_bytes(), body].concat();
        self.stream.get_mut().write_all(&request).expect("the connection is open");
        self.receive()
    }

    fn receive(&mut self) -> Answer {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("the server answers");
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status line");
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("the server answers");
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("the whole body");
        Answer { status, body }
    }
}
