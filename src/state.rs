//! What a running server holds, built explicitly: the same for the server, the demonstration and tests.

use std::sync::Arc;
use std::time::Instant;

use crate::app::actor::Actor;
use crate::app::api_keys::LastUses;
use crate::app::authentication::{Credentials, authenticate};
use crate::app::context::Context;
use crate::app::images::Studio;
use crate::app::issuer::Issuer;
use crate::app::passwords::Passwords;
use crate::app::pictures::PicturePool;
use crate::app::readiness;
use crate::app::rules::Rules;
use crate::app::sessions::Sessions;
use crate::app::setup::set_up;
use crate::app::shares::Desk;
use crate::app::snapshots::Snapshots;
use crate::app::tokens::Tokens;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::http::AuthRequest;
use crate::http::address::{InvalidNetwork, Network};
use crate::keys::Keys;
use crate::store::connection::{Conn, DatabaseUrl};
use crate::store::write::WriteTx;
use crate::store::{Db, Lane};

/// The state of a server. Cloning shares it.
#[derive(Clone)]
pub struct App {
    /// The configuration.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// The database.
    pub db: Db,
    /// What use cases share.
    pub context: Arc<Context>,
    /// What this node knows in memory.
    pub snapshots: Arc<Snapshots>,
    /// The writer of shares.
    pub issuer: Issuer,
    /// Where images are made.
    pub studio: Studio,
    /// Access tokens.
    pub tokens: Arc<Tokens>,
    /// The hashing of passwords.
    pub passwords: Passwords,
    /// Signing in and out.
    pub sessions: Arc<Sessions>,
    /// When API keys were last used, until it is written down.
    pub last_uses: Arc<LastUses>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
}

impl App {
    /// Opens the database, makes it ready, and loads what this node serves from. It blocks.
    pub fn start(config: Config, clock: Clock) -> Result<Self> {
        config.check().map_err(|error| refuse(&error))?;
        let url = config.database().map_err(|error| refuse(&error))?;
        let networks = config.trusted_proxies.iter().map(|text| text.parse());
        let trusted_proxies =
            networks.collect::<Result<_, InvalidNetwork>>().map_err(|error| refuse(&error))?;
        let keys = Arc::new(load_keys(&config, &url)?);
        let tokens = Arc::new(Tokens::new(keys.token_seed(), &config.public_url())?);
        let context = context_of(&config, Arc::clone(&keys))?;
        let db = Db::open(&url, config.database_connections, clock.clone())?;
        db.prepare(config.migrate_on_start)?;
        // Before the first write, so that a node with a wrong clock writes nothing.
        db.compare_clocks_now()?;
        db.write_now(Lane::Ordinary, |tx| set_up(tx, &context))?;
        let context = Arc::new(context);
        let snapshots = Arc::new(Snapshots::load(db.clone(), clock.clone(), &context)?);
        let issuer = Issuer::start(db.clone(), Arc::clone(&context), Arc::clone(&snapshots))?;
        let blobs = config.blobs().map_err(|error| refuse(&error))?;
        let pool = PicturePool::default();
        let studio = Studio { db: db.clone(), context: Arc::clone(&context), blobs, pool };
        let passwords = Passwords::new()?;
        let sessions = Sessions::new(db.clone(), keys, Arc::clone(&tokens), passwords.clone());
        Ok(Self {
            config: Arc::new(config),
            clock,
            db,
            context,
            snapshots,
            issuer,
            studio,
            tokens,
            passwords,
            sessions: Arc::new(sessions),
            last_uses: Arc::default(),
            trusted_proxies,
        })
    }

    /// Reads in the background.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn, &Context) -> Result<T> + Send + 'static,
    {
        let context = Arc::clone(&self.context);
        self.db.read(move |conn| work(conn, &context)).await
    }

    /// Writes in the background. When it moved what this node serves from, the answer waits until the
    /// node has followed, so that whoever wrote can read what they wrote.
    pub async fn write<T, F>(&self, lane: Lane, mut work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut WriteTx<'_>, &Context) -> Result<T> + Send + 'static,
    {
        let context = Arc::clone(&self.context);
        let done = self.db.write(lane, move |tx| work(tx, &context)).await?;
        if done.moved
            && let Err(error) = self.snapshots.refresh().await
        {
            // What was written stands; the watcher tries again.
            tracing::warn!(%error, "the snapshots could not follow a write");
        }
        Ok(done.value)
    }

    /// The rules in force, as far as this node has heard.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(self.snapshots.content().rules())
    }

    /// Thinks in the background, about what needs neither the database nor the lock but takes its time.
    pub async fn think<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }

    /// Where shares are asked for.
    pub fn desk(&self) -> Desk<'_> {
        Desk { db: &self.db, context: &self.context, snapshots: &self.snapshots, issuer: &self.issuer }
    }

    /// Who is asking.
    ///
    /// Nobody is refused because this node has not heard of them yet: a refusal is given only on what the
    /// database held when the request came. A flood of them shares its queries.
    pub async fn authenticate(&self, request: &AuthRequest) -> Result<Option<Actor>> {
        let arrived = Instant::now();
        let first = self.authenticate_now(request);
        if first.is_ok() {
            return first;
        }
        self.snapshots.confirm_since(arrived).await?;
        self.authenticate_now(request)
    }

    fn authenticate_now(&self, request: &AuthRequest) -> Result<Option<Actor>> {
        let credentials = Credentials { bearer: Some(&request.bearer), person: request.person.as_deref() };
        let (access, now) = (self.snapshots.access(), self.clock.now());
        let actor =
            authenticate(&access, &self.context.keys, &self.tokens, credentials, request.permission, now)?;
        if let Some(client) = actor.as_ref().and_then(|actor| actor.client) {
            self.last_uses.note(client, now);
        }
        Ok(actor)
    }

    /// Refuses with 503 `not_ready` and the reason while this node should get no requests.
    pub async fn readiness(&self) -> Result<()> {
        Ok(readiness::check(&self.db, &self.context, &self.snapshots, &self.clock).await?)
    }
}

/// What use cases share, as this configuration says it.
pub fn context_of(config: &Config, keys: Arc<Keys>) -> Result<Context> {
    Context::new(
        config.channels().map_err(|error| refuse(&error))?,
        config.organisation.clone(),
        config.links.clone(),
        keys,
        config.share_lapses_after(),
        config.urgent_review(),
        &config.public_url(),
    )
}

fn refuse(error: &dyn std::error::Error) -> Error {
    Error::new(Code::NotReady, error.to_string())
}

/// The keys: made on the first start with SQLite, and never with PostgreSQL, where other nodes must have
/// the same ones.
pub fn load_keys(config: &Config, url: &DatabaseUrl) -> Result<Keys> {
    let folder = config.keys_dir();
    let keys = match url {
        DatabaseUrl::Sqlite(_) => {
            std::fs::create_dir_all(&config.data_dir).map_err(Error::internal)?;
            Keys::load_or_create(&folder)
        }
        DatabaseUrl::Postgres(_) => Keys::load(&folder),
    };
    keys.map_err(|error| Error::new(Code::NotReady, error.to_string()))
}
