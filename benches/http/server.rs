//! The server under load: the release binary on a database of its own, with an organisation in it.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use serde_json::{Value, json};

use crate::client::Client;
#[allow(dead_code, reason = "the suite uses more of it")]
#[path = "../../tests/it/support/cluster.rs"]
mod cluster;

const BINARY: &str = env!("CARGO_BIN_EXE_greenlight");
const PASSWORD: &str = "bench: a long enough password";

/// A database to measure on.
pub enum Database {
    /// SQLite in a folder.
    Sqlite(tempfile::TempDir),
    /// A database of its own in a throw-away cluster.
    Postgres(tempfile::TempDir, String),
}

impl Database {
    /// SQLite, and PostgreSQL where a cluster can be had.
    pub fn all() -> Vec<Self> {
        let folder = || tempfile::tempdir().expect("a folder");
        let mut all = vec![Self::Sqlite(folder())];
        if let Some(cluster) = cluster::cluster() {
            let name = format!("greenlight_bench_{}", std::process::id());
            let mut conn =
                PgConnection::establish(cluster.admin_url()).expect("the PostgreSQL server answers");
            conn.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database can be made");
            all.push(Self::Postgres(folder(), cluster.url(&name)));
        }
        all
    }

    /// What it is.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(..) => "PostgreSQL",
        }
    }

    /// Whether several processes can serve from it.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(..))
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Sqlite(folder) | Self::Postgres(folder, _) => folder.path(),
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("bench.db").display()),
            Self::Postgres(_, url) => url.clone(),
        }
    }
}

/// What a process has in memory, in MiB.
pub struct Memory {
    /// Now.
    pub now: u64,
    /// The most so far, or since [`Server::forget_peak`].
    pub most: u64,
}

/// A server process; it ends when this is dropped.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    process: Child,
    log: PathBuf,
}

impl Server {
    /// Starts node number `nth` on a database and waits until it is ready.
    pub fn start(database: &Database, nth: usize) -> Self {
        let keys = database.folder().join("keys");
        if database.is_shared() && nth == 0 {
            run(database, &["keys", "create", &keys.to_string_lossy()], None);
        }
        let address =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        let log = database.folder().join(format!("node-{nth}.log"));
        let lines = fs::File::create(&log).expect("a log file");
        let process = command(database)
            .args(["serve", "--listen", &address.to_string()])
            // A line for each write that held the lock longer than all before: they are few.
            .env("GREENLIGHT_LOG_FILTER", "warn,greenlight::store::write=debug")
            .stdout(Stdio::null())
            .stderr(lines)
            .spawn()
            .expect("the server starts");
        let server = Self { address, process, log };
        server.wait();
        server
    }

    /// How long a write held the lock at most: the process tells of each that held it longer than all before.
    pub fn longest_write(&self) -> Duration {
        let log = fs::read_to_string(&self.log).expect("a log file");
        let held = |line: &str| serde_json::from_str::<Value>(line).ok()?["held_micros"].as_u64();
        Duration::from_micros(log.lines().filter_map(held).max().expect("a write was told of"))
    }

    /// What the process has in memory.
    pub fn memory(&self) -> Memory {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("a process");
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
            let kibibytes = line.split_whitespace().next().and_then(|word| word.parse::<u64>().ok());
            kibibytes.expect("a number") / 1024
        };
        Memory { now: figure("VmRSS:"), most: figure("VmHWM:") }
    }

    /// Begins anew to note the most that the process has in memory (`proc(5)`, `clear_refs`).
    pub fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5").expect("a process of one's own");
    }

    fn wait(&self) {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            if TcpStream::connect(self.address).is_ok()
                && Client::connect(self.address, None).get("/readyz").status == 200
            {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server was not ready within 30 seconds");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(database: &Database) -> Command {
    let mut command = Command::new(BINARY);
    command
        .env_clear()
        .env("GREENLIGHT_DATABASE_URL", database.url())
        .env("GREENLIGHT_DATA_DIR", database.folder())
        .env("GREENLIGHT_KEYS_DIR", database.folder().join("keys"))
        .env("GREENLIGHT_PUBLIC_URL", "https://greenlight.example");
    command
}

fn run(database: &Database, arguments: &[&str], input: Option<&str>) {
    let mut process = command(database)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the command starts");
    if let (Some(input), Some(stdin)) = (input, &mut process.stdin) {
        stdin.write_all(input.as_bytes()).expect("the command reads");
    }
    drop(process.stdin.take());
    assert!(process.wait().expect("the command ends").success(), "{arguments:?} failed");
}

/// The people of the bench, signed in.
pub struct Organisation {
    author: String,
    reviewer: String,
    publisher: String,
    employees: Vec<String>,
}

impl Organisation {
    /// Makes an administrator, and through them everybody else.
    pub fn found(server: &Server, database: &Database, employees: usize) -> Self {
        run(database, &["admin", "create", "admin@bench.example"], Some(PASSWORD));
        let mut admin = Client::connect(server.address, Some(&sign_in(server, "admin")));
        let mut hire = |name: &str, role: &str| {
            let email = format!("{name}@bench.example");
            let person = json!({ "email": email, "display_name": name, "password": PASSWORD, "roles": [role],
                "language": "en", "country": "NL" });
            admin.post("/v1/people", &[], &person).expect(201);
            sign_in(server, name)
        };
        Self {
            author: hire("author", "author"),
            reviewer: hire("reviewer", "reviewer"),
            publisher: hire("publisher", "publisher"),
            employees: (0..employees).map(|nth| hire(&format!("employee-{nth}"), "employee")).collect(),
        }
    }

    /// A connection of one employee; there are as many as asked for, in turn.
    pub fn employee(&self, server: &Server, nth: usize) -> Client {
        Client::connect(server.address, Some(&self.employees[nth % self.employees.len()]))
    }

    /// A connection of the author.
    pub fn author(&self, server: &Server) -> Client {
        Client::connect(server.address, Some(&self.author))
    }

    /// A connection of the publisher.
    pub fn publisher(&self, server: &Server) -> Client {
        Client::connect(server.address, Some(&self.publisher))
    }

    /// Drafts, submits and approves so many posts, and answers each with its live digest.
    pub fn publish(&self, server: &Server, count: usize) -> Vec<Value> {
        let mut author = Client::connect(server.address, Some(&self.author));
        let mut reviewer = Client::connect(server.address, Some(&self.reviewer));
        (0..count)
            .map(|nth| {
                let post = author.post("/v1/posts", &[], &json!({ "content": content(nth) })).expect(201);
                let path = format!("/v1/posts/{}", post["id"].as_str().expect("an id"));
                let draft = json!({ "digest": post["working_revision"]["digest"] });
                let review = author.post(&format!("{path}/submission"), &[], &draft).expect(201);
                let digest = review["digest"].clone();
                let decision = json!({ "revision": 1, "digest": digest, "decision": "approve" });
                reviewer.post(&format!("{path}/decisions"), &[], &decision).expect(201);
                json!({ "id": post["id"], "digest": digest })
            })
            .collect()
    }
}

/// The body of a share of a post.
pub fn share_of(post: &Value) -> Value {
    json!({ "post_id": post["id"], "digest": post["digest"], "channel": "linkedin" })
}

fn sign_in(server: &Server, name: &str) -> String {
    let login = json!({ "email": format!("{name}@bench.example"), "password": PASSWORD });
    let mut client = Client::connect(server.address, None);
    let answer = client.post("/v1/sessions", &[], &login);
    assert!((200..300).contains(&answer.status), "{}", answer.json());
    answer.json()["access_token"].as_str().expect("a token").to_owned()
}

/// The content of a post.
pub fn content(nth: usize) -> Value {
    json!({
        "title": format!("Wind farm {nth}"),
        "copies": [
            { "id": "en-a", "language": "en", "text": format!("Turbine {nth} turns: clean power for 4,000 homes.") },
            { "id": "en-b", "language": "en", "text": format!("Proud of the team behind turbine {nth}.") },
            { "id": "nl-a", "language": "nl", "text": format!("Turbine {nth} draait: schone stroom voor 4.000 huizen.") },
        ],
        "channels": ["linkedin", "bluesky"],
        "link": { "url": "https://www.example.com/wind" },
    })
}
