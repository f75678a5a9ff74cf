//! The server under test.

use std::collections::HashMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt::{self, System};
use actix_web::web::Data;
use greenlight::app::actor::Actor;
use greenlight::app::api_keys::{ApiKey, ApiKeyCreate, api_key_create};
use greenlight::app::people::{PersonCreate, admin_create, person_create};
use greenlight::clock::Clock;
use greenlight::config::Config;
use greenlight::domain::disclaimers::Organisation;
use greenlight::domain::ids::PersonId;
use greenlight::domain::roles::{Role, Scope, Scopes};
use greenlight::domain::time::Time;
use greenlight::http::{self, Connections, Frame, Settings};
use greenlight::jobs::watcher::watch;
use greenlight::keys::Keys;
use greenlight::state::{App, context_of};
use greenlight::store::blobs::{Blobs, S3Config};
use greenlight::store::write::WriteTx;
use greenlight::store::{Lane, people};
use tempfile::TempDir;

use super::client::Client;
use super::database::{Backend, Database, folder};
use super::process::{ServerProcess, greenlight};
use super::storage::Storage;

/// When every story begins.
pub const BEGINNING: &str = "2026-11-21T09:00:00Z";

/// The issuer of tokens: those of one node are good at another.
const PUBLIC_URL: &str = "https://greenlight.example";

/// One server on its own database, keys and time, gone when dropped.
pub struct TestApp {
    node: Arc<Node>,
    /// Who administers people, from the beginning.
    root: Actor,
    /// The clients that have a role's name.
    by_role: Mutex<HashMap<Role, Client>>,
    // Dropped after the servers that use them.
    database: Database,
    /// Object storage, on PostgreSQL.
    storage: Option<Storage>,
    folder: TempDir,
}

impl TestApp {
    /// A fresh one.
    pub fn new(backend: Backend) -> Self {
        Self::with_clock(backend, Clock::manual(Time::parse(BEGINNING).unwrap()))
    }

    /// One whose time is the machine's, for stories with server processes of their own.
    pub fn on_system_time(backend: Backend) -> Self {
        Self::with_clock(backend, Clock::system())
    }

    /// One on a database of the first release, which it upgrades as it starts; `fill` gets its address
    /// before that.
    pub fn upgraded(backend: Backend, fill: impl FnOnce(&str)) -> Self {
        let folder = folder();
        let database = Database::of_first_release(backend, folder.path());
        fill(&database.url);
        Self::start(backend, database, folder, Clock::manual(Time::parse(BEGINNING).unwrap()), None)
    }

    /// One whose images are in this store.
    pub fn storing_in(backend: Backend, blobs: Blobs) -> Self {
        let (folder, clock) = (folder(), Clock::manual(Time::parse(BEGINNING).unwrap()));
        Self::start(backend, Database::new(backend, folder.path()), folder, clock, Some(blobs))
    }

    fn with_clock(backend: Backend, clock: Clock) -> Self {
        let folder = folder();
        Self::start(backend, Database::new(backend, folder.path()), folder, clock, None)
    }

    fn start(
        backend: Backend,
        database: Database,
        folder: TempDir,
        clock: Clock,
        blobs: Option<Blobs>,
    ) -> Self {
        Keys::load_or_create(&folder.path().join("keys")).unwrap();
        let storage = (backend == Backend::Postgres && blobs.is_none()).then(Storage::new);
        let s3 = storage.as_ref().map(|storage| storage.config.clone());
        let node = Node::start(&database.url, folder.path(), s3, clock, blobs);
        let root = make_administrator(&node.app);
        node.follow();
        Self { node, root, by_role: Mutex::default(), database, storage, folder }
    }

    /// A further server in a process of its own, on the same database, with the same keys.
    pub fn server_process(&self) -> ServerProcess {
        let mut settings = vec![
            ("GREENLIGHT_DATABASE_URL", self.database.url.as_str()),
            ("GREENLIGHT_PUBLIC_URL", PUBLIC_URL),
            ("GREENLIGHT_DATA_DIR", "."),
        ];
        let storage = self.storage.as_ref().map(Storage::environment).unwrap_or_default();
        settings.extend(storage.iter().map(|(name, value)| (*name, value.as_str())));
        ServerProcess::start(self.folder.path(), &settings)
    }

    /// A further node on the same database, with the same keys and time; it serves nothing by itself.
    pub fn another_node(&self) -> App {
        let config = (*self.node.app.config).clone();
        App::start(config, self.clock().clone()).unwrap()
    }

    /// The same server with other limits of HTTP, at an address of its own.
    pub fn serving_with(&self, change: impl FnOnce(&mut Settings)) -> Arc<Node> {
        let mut frame = http::frame_for(&self.node.app);
        change(&mut frame.settings);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (handle, thread) = serve(self.node.app.clone(), frame, listener);
        Arc::new(Node { app: self.node.app.clone(), url, handle, thread: Some(thread) })
    }

    /// The same server for this organisation, at an address of its own.
    pub fn serving_for(&self, organisation: Organisation) -> Arc<Node> {
        let mut app = self.node.app.clone();
        let config = Config { organisation, ..(*app.config).clone() };
        app.context = Arc::new(context_of(&config, Arc::clone(&app.context.keys)).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (handle, thread) = serve(app.clone(), http::frame_for(&app), listener);
        Arc::new(Node { app, url, handle, thread: Some(thread) })
    }

    /// Runs a command on the same database, with the same keys.
    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut command = greenlight(self.folder.path(), arguments);
        command.env("GREENLIGHT_DATABASE_URL", &self.database.url).env("GREENLIGHT_DATA_DIR", ".");
        command.output().unwrap()
    }

    /// What the server holds.
    pub fn state(&self) -> &App {
        &self.node.app
    }

    /// The server's clock.
    pub fn clock(&self) -> &Clock {
        &self.node.app.clock
    }

    /// Lets time pass.
    pub fn advance(&self, duration: Duration) {
        self.clock().set(self.clock().now().after(duration));
    }

    /// A person with these roles, signed in, in the Netherlands.
    pub fn person(&self, name: &str, roles: &[Role]) -> Client {
        self.person_with(name, roles, |_| ())
    }

    /// The same, changed before they are made.
    pub fn person_with(&self, name: &str, roles: &[Role], change: impl FnOnce(&mut PersonCreate)) -> Client {
        let mut command = PersonCreate {
            email: format!("{name}@example.org"),
            display_name: name.to_owned(),
            roles: Some(roles.iter().copied().collect()),
            language: Some("en".to_owned()),
            country: Some("NL".to_owned()),
            ..PersonCreate::default()
        };
        change(&mut command);
        let app = &self.node.app;
        let make = |tx: &mut WriteTx<'_>| person_create(tx, &app.context.keys, &self.root, &command);
        let person = app.db.write_now(Lane::Ordinary, make).unwrap().value;
        self.follow();
        self.client(person)
    }

    /// Brings the server up to the database now, without waiting for its watcher.
    fn follow(&self) {
        self.node.follow();
    }

    /// A person in a new session.
    pub fn client(&self, person: PersonId) -> Client {
        self.anonymous().signed_in(person)
    }

    /// A client with an API key that has these scopes.
    pub fn key(&self, scopes: impl IntoIterator<Item = Scope>) -> Client {
        let key = ApiKey::generate().unwrap();
        let expires_at = self.clock().now().after(Duration::from_hours(365 * 24));
        let command =
            ApiKeyCreate { name: "test".to_owned(), scopes: scopes.into_iter().collect(), expires_at };
        let app = &self.node.app;
        let make = |tx: &mut WriteTx<'_>| api_key_create(tx, &app.context.keys, &self.root, &key, &command);
        app.db.write_now(Lane::Ordinary, make).unwrap();
        self.follow();
        self.anonymous().with_bearer(key.text())
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(Arc::clone(&self.node))
    }

    pub fn admin(&self) -> Client {
        self.of_role(Role::Admin)
    }

    pub fn auditor(&self) -> Client {
        self.of_role(Role::Auditor)
    }

    pub fn author(&self) -> Client {
        self.of_role(Role::Author)
    }

    pub fn employee(&self) -> Client {
        self.of_role(Role::Employee)
    }

    pub fn publisher(&self) -> Client {
        self.of_role(Role::Publisher)
    }

    pub fn reviewer(&self) -> Client {
        self.of_role(Role::Reviewer)
    }

    /// The one person of this app who has the role's name, and no other role.
    pub fn of_role(&self, role: Role) -> Client {
        let mut by_role = self.by_role.lock().unwrap();
        by_role.entry(role).or_insert_with(|| self.person(role.as_str(), &[role])).clone()
    }
}

fn make_administrator(app: &App) -> Actor {
    let keys = &app.context.keys;
    let made = app.db.write_now(Lane::Ordinary, |tx| {
        // Nobody signs in with this: it is not the hash of any password.
        let root = admin_create(tx, keys, "root@example.org", "root", "none".to_owned())?;
        // To make keys with any scope.
        people::begin_role(tx, root, Role::Auditor)?;
        Ok(root)
    });
    let scopes = Scopes::of_roles([Role::Admin, Role::Auditor]);
    Actor { person: Some(made.unwrap().value), client: None, session: None, scopes }
}

/// One server process, as far as its state goes: it shares nothing with another but database and keys.
pub struct Node {
    /// What it holds.
    pub app: App,
    /// Where it listens.
    pub url: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Node {
    fn start(
        database_url: &str,
        folder: &Path,
        s3: Option<S3Config>,
        clock: Clock,
        blobs: Option<Blobs>,
    ) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config {
            listen: address,
            database_url: database_url.to_owned(),
            data_dir: folder.to_owned(),
            poll_milliseconds: 50,
            public_url: PUBLIC_URL.to_owned(),
            s3,
            ..Config::default()
        };
        let mut app = App::start(config, clock).unwrap();
        if let Some(blobs) = blobs {
            app.studio.blobs = blobs;
        }
        let (handle, thread) = serve(app.clone(), http::frame_for(&app), listener);
        Arc::new(Self { app, url: format!("http://{address}"), handle, thread: Some(thread) })
    }

    fn follow(&self) {
        self.app.snapshots.refresh_now().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Said at once; the thread ends when it is done.
        drop(self.handle.stop(false));
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking(), "the server's thread panicked");
    }
}

/// Runs the server and its watcher in a thread of their own.
fn serve(app: App, frame: Frame, listener: TcpListener) -> (ServerHandle, JoinHandle<()>) {
    let (started, starting) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        System::new().block_on(async move {
            let connections = Connections { workers: 1, ..Connections::default() };
            let frame = Data::new(frame);
            let state = Data::new(app.clone());
            let serving = http::serve(listener, &connections, frame, state, http::routes()).unwrap();
            let watcher = rt::spawn(watch(app.clone()));
            started.send(serving.handle).unwrap();
            serving.server.await.unwrap();
            watcher.abort();
        });
    });
    (starting.recv().expect("the server starts"), thread)
}
