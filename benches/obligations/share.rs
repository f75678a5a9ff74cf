//! A share evaluated as the server does it, before and after somebody was asked for anything: on the app itself, with
//! guidelines that were reviewed and accepted through its use cases.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use greenlight::app::acceptances::{Accept, guideline_accept};
use greenlight::app::actor::Actor;
use greenlight::app::decisions::{Decide, item_decide};
use greenlight::app::idempotency::Once;
use greenlight::app::item_views::item_get;
use greenlight::app::items::item_create;
use greenlight::app::people::{PersonCreate, admin_create, person_create};
use greenlight::app::sharing::{ShareCommand, Subject, evaluate};
use greenlight::app::submission::{Submit, item_submit};
use greenlight::clock::Clock;
use greenlight::config::Config;
use greenlight::domain::content::Content;
use greenlight::domain::ids::{Digest, ItemId, Key, Kind, PersonId};
use greenlight::domain::review::DecisionKind;
use greenlight::domain::roles::{Role, Scopes};
use greenlight::domain::time::Time;
use greenlight::error::Result;
use greenlight::state::App;
use greenlight::store::Lane;
use greenlight::store::write::WriteTx;
use serde_json::json;

/// Evaluations that one figure is the median of.
const TURNS: usize = 1_000;

/// A server without HTTP, and those who work with it.
pub struct House {
    app: App,
    author: Actor,
    reviewer: Actor,
    employee: Actor,
    post: (ItemId, Digest),
    _folder: tempfile::TempDir,
}

fn actor(person: PersonId, roles: &[Role]) -> Actor {
    let scopes = Scopes::of_roles(roles.iter().copied());
    Actor { person: Some(person), client: None, session: None, scopes }
}

fn once() -> Once {
    Once { operation: "bench", key: None, body: Vec::new() }
}

impl House {
    /// A post that the employee may share, and nothing that they are asked.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        let clock = Clock::manual(Time::parse("2026-11-27T09:00:00Z").expect("a time"));
        let app = App::start(config, clock).expect("the app starts");
        let keys = Arc::clone(&app.context.keys);
        let admin = write(&app, |tx| admin_create(tx, &keys, "a@example.org", "A", "none".to_owned()));
        let admin = actor(admin, &[Role::Admin]);
        let person = |name: &str, roles: &[Role]| {
            let command = PersonCreate {
                email: format!("{name}@example.org"),
                display_name: name.to_owned(),
                roles: Some(roles.iter().copied().collect()),
                country: Some("NL".to_owned()),
                ..PersonCreate::default()
            };
            actor(write(&app, |tx| person_create(tx, &keys, &admin, &command)), roles)
        };
        let author = person("author", &[Role::Author]);
        let reviewer = person("reviewer", &[Role::Reviewer]);
        let employee = person("employee", &[Role::Employee]);
        let nothing = (ItemId::generate(), Digest::of(b""));
        let mut house = Self { app, author, reviewer, employee, post: nothing, _folder: folder };
        let post = json!({
            "title": "News",
            "copies": [{ "id": "en-1", "language": "en", "text": "Our wind farm has delivered power since today." }],
            "channels": ["linkedin"],
        });
        house.post = house.approved(Kind::Post, None, &post);
        house
    }

    /// Guidelines for everybody, each accepted by the employee.
    pub fn ask(&self, guidelines: usize) {
        for number in 0..guidelines {
            let content = json!({
                "family": "employees",
                "title": "How we share",
                "body": { "en": "Say that you work here." },
                "requires": "acceptance",
            });
            let key = format!("guideline-{number}").parse().expect("a key");
            let (id, digest) = self.approved(Kind::Guideline, Some(&key), &content);
            let command = Accept { id, revision: 1, digest, language: None };
            let context = &self.app.context;
            write(&self.app, |tx| guideline_accept(tx, context, &self.employee, &command));
        }
        self.app.snapshots.refresh_now().expect("the snapshots follow");
        assert_eq!(self.app.snapshots.content().asked().obligations().len(), guidelines);
    }

    fn approved(&self, kind: Kind, key: Option<&Key>, content: &serde_json::Value) -> (ItemId, Digest) {
        let Self { app, author, reviewer, .. } = self;
        let content = Content::parse(kind, content).expect("content");
        let id = write(app, |tx| item_create(tx, &app.context, author, key, &content));
        let digest = || {
            let view = app.db.read_now(|conn| item_get(conn, kind, id, &app.rules(), app.clock.now()));
            view.expect("the item").working.digest
        };
        let submit = Submit { kind, id, digest: digest(), extended_to: None, urgent: None };
        item_submit(&app.db, &app.context, &app.snapshots, author, &once(), &submit, app.clock.now())
            .expect("it is submitted");
        let (decision, frozen) = (DecisionKind::Approve, digest());
        let decide = Decide {
            kind,
            id,
            revision: 1,
            digest: frozen.clone(),
            decision,
            reason: None,
            on_behalf_of: None,
            stage: None,
        };
        item_decide(&app.db, &app.context, &app.snapshots, reviewer, &once(), &decide)
            .expect("it is approved");
        app.snapshots.refresh_now().expect("the snapshots follow");
        (id, frozen)
    }

    /// How long evaluating a share takes: the median.
    pub fn evaluated_in(&self) -> Duration {
        let (content, access) = (self.app.snapshots.content(), self.app.snapshots.access());
        let person = access.person(self.employee.person.expect("a person")).expect("the employee");
        let command = ShareCommand {
            subject: Subject::Post(self.post.0),
            digest: self.post.1.clone(),
            channel: serde_json::from_value(json!("linkedin")).expect("a channel"),
            language: None,
            copy_id: None,
            comment: None,
        };
        let now = self.app.clock.now();
        let mut times = Vec::with_capacity(TURNS);
        for _ in 0..TURNS {
            let began = Instant::now();
            let evaluated = evaluate(&content, person, &self.app.context, &command, "abcdefgh23456789", now);
            times.push(began.elapsed());
            black_box(evaluated).expect("it may be shared");
        }
        times.sort_unstable();
        times[TURNS / 2]
    }
}

fn write<T>(app: &App, work: impl FnMut(&mut WriteTx<'_>) -> Result<T>) -> T {
    app.db.write_now(Lane::Ordinary, work).expect("it is written").value
}
