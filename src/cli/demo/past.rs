//! The past of the demonstration, made through the same use cases that the API calls, with a clock that
//! stands where it is set. Times only go forward, as the record demands (R21).

use std::collections::HashMap;
use std::time::Duration;

use actix_web::rt;
use serde_json::{Value, json};

use super::organisation::{Image, Named, Organisation, PASSWORD, Person, Post, State};
use super::pictures;
use crate::app::actor::Actor;
use crate::app::campaigns::campaign_create;
use crate::app::decisions::{Decide, item_decide};
use crate::app::endings::item_end;
use crate::app::groups::{group_create, group_member_add};
use crate::app::idempotency::Once;
use crate::app::images::Upload;
use crate::app::item_views::item_get;
use crate::app::items::item_create;
use crate::app::outcomes::{OutcomeCommand, share_outcome};
use crate::app::passwords::hash_new;
use crate::app::people::{PersonCreate, admin_create, person_create};
use crate::app::shares::SHARE_CREATE;
use crate::app::sharing::{ShareCommand, Subject};
use crate::app::submission::{Submit, item_submit};
use crate::app::topics::{TopicContent, topic_create};
use crate::cli::failure::Failure;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::campaign::{CampaignContent, Limits, Window};
use crate::domain::channels::ChannelId;
use crate::domain::content::Content;
use crate::domain::ids::{Digest, GroupId, ItemId, Key, Kind};
use crate::domain::lifecycle::EndingKind;
use crate::domain::review::DecisionKind;
use crate::domain::roles::{Role, Scopes};
use crate::domain::share::Outcome;
use crate::domain::time::Time;
use crate::error::Error;
use crate::state::App;
use crate::store::Lane;
use crate::store::write::WriteTx;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// When the organisation began with greenlight, in days before today.
const BEGAN: u32 = 60;

/// Who decided on everything so far, and who recalled.
const REVIEWER: &str = "Pieter van Dam";
const PUBLISHER: &str = "Claire Lambert";

/// Makes the organisation and what it did until now.
pub(super) fn make(config: Config, organisation: &Organisation) -> Result<(), Failure> {
    let today = Clock::system().now();
    let clock = Clock::manual(today.before(DAY * BEGAN));
    let mut past = Past {
        app: App::start(config, clock.clone())?,
        clock,
        today,
        people: HashMap::new(),
        groups: HashMap::new(),
    };
    past.make_people(organisation)?;
    past.register(organisation)?;
    past.later(HOUR);
    for hashtag in &organisation.hashtags {
        let author = past.person("Sanne de Wit")?.clone();
        let content = parse(Kind::Hashtag, &json!(hashtag.content))?;
        let (id, digest) = past.submit(&author, Some(&hashtag.key), &content)?;
        past.decide(Kind::Hashtag, id, &digest, DecisionKind::Approve, None)?;
    }
    for image in &organisation.images {
        past.make_image(image)?;
    }
    for rule in &organisation.rules {
        let author = past.person("Sanne de Wit")?.clone();
        let content = parse(Kind::Rule, &json!(rule.content))?;
        let (id, digest) = past.submit(&author, None, &content)?;
        past.decide(Kind::Rule, id, &digest, DecisionKind::Approve, None)?;
    }
    for post in &organisation.posts {
        past.make_post(post)?;
    }
    Ok(())
}

struct Past {
    app: App,
    clock: Clock,
    today: Time,
    people: HashMap<String, Actor>,
    groups: HashMap<String, GroupId>,
}

impl Past {
    /// Lets time pass.
    fn later(&self, duration: Duration) {
        self.clock.set(self.clock.now().after(duration));
    }

    fn write<T>(&self, work: impl FnMut(&mut WriteTx<'_>) -> crate::error::Result<T>) -> Result<T, Failure> {
        Ok(self.app.db.write_now(Lane::Ordinary, work)?.value)
    }

    fn person(&self, name: &str) -> Result<&Actor, Failure> {
        self.people.get(name).ok_or_else(|| Failure::new(format!("organisation.toml has no person {name}")))
    }

    fn group(&self, name: &str) -> Result<GroupId, Failure> {
        let found = self.groups.get(name).copied();
        found.ok_or_else(|| Failure::new(format!("organisation.toml has no group {name}")))
    }

    fn make_people(&mut self, organisation: &Organisation) -> Result<(), Failure> {
        let hash = hash_new(PASSWORD)?;
        let keys = self.app.context.keys.clone();
        let is_admin = |person: &&Person| person.roles.contains(&Role::Admin);
        let admin = organisation.people.iter().find(is_admin);
        let admin = admin.ok_or_else(|| Failure::new("organisation.toml has no administrator"))?;
        let id = self.write(|tx| admin_create(tx, &keys, &admin.email(), &admin.name, hash.clone()))?;
        let by = actor(id, admin);
        for name in &organisation.groups {
            let group = self.write(|tx| group_create(tx, &keys, &by, name))?;
            self.groups.insert(name.clone(), group.id);
        }
        for person in organisation.people.iter().filter(|person| !is_admin(person)) {
            let command = PersonCreate {
                email: person.email(),
                display_name: person.name.clone(),
                password_hash: Some(hash.clone()),
                roles: Some(person.roles.clone()),
                language: Some(person.language.clone()),
                country: Some(person.country.clone()),
                ..PersonCreate::default()
            };
            let id = self.write(|tx| person_create(tx, &keys, &by, &command))?;
            for group in &person.groups {
                let group = self.group(group)?;
                self.write(|tx| group_member_add(tx, &keys, &by, group, id))?;
            }
            self.people.insert(person.name.clone(), actor(id, person));
        }
        self.people.insert(admin.name.clone(), by);
        Ok(())
    }

    /// The campaigns and topics that posts name.
    fn register(&self, organisation: &Organisation) -> Result<(), Failure> {
        let (keys, by) = (self.app.context.keys.clone(), self.person(PUBLISHER)?);
        for Named { key, name } in &organisation.campaigns {
            let content = CampaignContent {
                name: name.clone(),
                goal: None,
                window: Window::default(),
                groups: Vec::new(),
                limits: Limits::default(),
            };
            self.write(|tx| campaign_create(tx, &keys, by, key, &content))?;
        }
        for Named { key, name } in &organisation.topics {
            let content = TopicContent { name: name.clone(), audience_note: None };
            self.write(|tx| topic_create(tx, &keys, by, key, &content))?;
        }
        Ok(())
    }

    /// An image: uploaded, an hour later submitted, an hour later approved, then shared by itself.
    fn make_image(&self, image: &Image) -> Result<(), Failure> {
        let author = self.person(&image.author)?.clone();
        let about = serde_json::from_value(json!(image.content)).map_err(Error::internal)?;
        let upload = Upload { file: pictures::file(&image.picture)?, about };
        let once = Once { operation: "demo", key: None, body: Vec::new() };
        let made = self.app.studio.image_create(author.clone(), once, upload);
        let id = rt::System::new().block_on(made)?.resource;
        let digest = self.submit_item(&author, Kind::Image, id)?;
        self.decide(Kind::Image, id, &digest, DecisionKind::Approve, None)?;
        for share in &image.shares {
            self.share(&share.person, Subject::Image(id, Vec::new()), &digest, &share.channel)?;
        }
        Ok(())
    }

    /// One post on its day: written, an hour later submitted, an hour later decided, then shared, then
    /// recalled.
    fn make_post(&self, post: &Post) -> Result<(), Failure> {
        let written_at = self.today.before(DAY * u32::try_from(post.days_ago).unwrap_or(BEGAN));
        self.clock.set(written_at.max(self.clock.now()));
        let author = self.person(&post.author)?.clone();
        let content = self.content(post)?;
        if post.state == State::Draft {
            self.write(|tx| item_create(tx, &self.app.context, &author, None, &content))?;
            return Ok(());
        }
        let (id, digest) = self.submit(&author, None, &content)?;
        let reason = post.reason.as_deref();
        match post.state {
            State::Draft | State::InReview => return Ok(()),
            State::ChangesRequested => {
                return self.decide(Kind::Post, id, &digest, DecisionKind::RequestChanges, reason);
            }
            State::Approved | State::Recalled => {}
        }
        self.decide(Kind::Post, id, &digest, DecisionKind::Approve, None)?;
        for share in &post.shares {
            self.share(&share.person, Subject::Post(id), &digest, &share.channel)?;
        }
        if post.state == State::Recalled {
            self.later(HOUR);
            let publisher = self.person(PUBLISHER)?.clone();
            let (context, reason) = (&self.app.context, reason.unwrap_or("Recalled."));
            self.write(|tx| item_end(tx, context, &publisher, Kind::Post, id, EndingKind::Recall, reason))?;
        }
        Ok(())
    }

    /// The post's content with its window and groups, which the file gives by days and names.
    fn content(&self, post: &Post) -> Result<Content, Failure> {
        let mut content = json!(post.content);
        let day = |days: i64| {
            let span = DAY * u32::try_from(days.unsigned_abs()).unwrap_or(BEGAN);
            if days < 0 { self.today.before(span) } else { self.today.after(span) }
        };
        if let Some(members) = content.as_object_mut() {
            if let Some(days) = post.publish_in {
                members.insert("publish_at".to_owned(), json!(day(days)));
            }
            if let Some(days) = post.expires_in {
                members.insert("expires_at".to_owned(), json!(day(days)));
            }
            if !post.groups.is_empty() {
                let groups: Result<Vec<GroupId>, Failure> =
                    post.groups.iter().map(|name| self.group(name)).collect();
                members.insert("audience".to_owned(), json!({ "groups": groups? }));
            }
        }
        parse(Kind::Post, &content)
    }

    /// Writes and submits an item; answers what its reviewers see.
    fn submit(
        &self,
        author: &Actor,
        key: Option<&Key>,
        content: &Content,
    ) -> Result<(ItemId, Digest), Failure> {
        let id = self.write(|tx| item_create(tx, &self.app.context, author, key, content))?;
        Ok((id, self.submit_item(author, content.kind(), id)?))
    }

    /// Submits the draft of an item; answers what its reviewers see.
    fn submit_item(&self, author: &Actor, kind: Kind, id: ItemId) -> Result<Digest, Failure> {
        self.later(HOUR);
        let (app, digest) = (&self.app, self.digest(kind, id)?);
        let once = Once { operation: "demo", key: None, body: Vec::new() };
        let command = Submit { kind, id, digest, extended_to: None, urgent: None };
        item_submit(&app.db, &app.context, &app.snapshots, author, &once, &command, self.clock.now())?;
        self.digest(kind, id)
    }

    fn digest(&self, kind: Kind, id: ItemId) -> Result<Digest, Failure> {
        let rules = self.app.rules();
        let view = self.app.db.read_now(|conn| item_get(conn, kind, id, &rules, self.clock.now()))?;
        Ok(view.working.digest)
    }

    fn decide(
        &self,
        kind: Kind,
        id: ItemId,
        digest: &Digest,
        decision: DecisionKind,
        reason: Option<&str>,
    ) -> Result<(), Failure> {
        self.later(HOUR);
        let reviewer = self.person(REVIEWER)?;
        let (digest, reason) = (digest.clone(), reason.map(str::to_owned));
        let command =
            Decide { kind, id, revision: 1, digest, decision, reason, on_behalf_of: None, stage: None };
        let once = Once { operation: "demo", key: None, body: Vec::new() };
        let app = &self.app;
        item_decide(&app.db, &app.context, &app.snapshots, reviewer, &once, &command)?;
        Ok(())
    }

    /// A share that was posted a few minutes later.
    fn share(
        &self,
        name: &str,
        subject: Subject,
        digest: &Digest,
        channel: &ChannelId,
    ) -> Result<(), Failure> {
        self.later(HOUR / 4);
        let person = self.person(name)?;
        let (digest, channel) = (digest.clone(), channel.clone());
        let command = ShareCommand { subject, digest, channel, language: None, copy_id: None, comment: None };
        let once = Once {
            operation: SHARE_CREATE,
            key: Some(format!("past-{}", ItemId::generate())),
            body: Vec::new(),
        };
        self.app.snapshots.refresh_now()?;
        let desk = self.app.desk();
        let (share, _) = rt::System::new().block_on(desk.share_create(person, command, &once))?;
        self.later(HOUR / 12);
        let outcome =
            OutcomeCommand { result: Outcome::Confirmed, permalink: None, posted_text: None, reason: None };
        self.write(|tx| share_outcome(tx, &self.app.context, person, share.row.id, &outcome))?;
        Ok(())
    }
}

fn actor(id: crate::domain::ids::PersonId, person: &Person) -> Actor {
    let scopes = Scopes::of_roles(person.roles.iter().copied());
    Actor { person: Some(id), client: None, session: None, scopes }
}

fn parse(kind: Kind, content: &Value) -> Result<Content, Failure> {
    Content::parse(kind, content).map_err(|fault| Error::invalid_content(vec![fault]).into())
}
