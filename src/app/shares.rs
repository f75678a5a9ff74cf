//! Asking for a share: evaluated on what the node knows, issued by the writer task.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::PersonAccess;
use super::actor::Actor;
use super::context::Context;
use super::idempotency::Once;
use super::issuer::{Issued, Issuer, Request, known_share};
use super::journal::{self, By, Facts};
use super::people::open_display_name;
use super::share_views::{ShareView, share_get};
use super::sharing::{Evaluated, ShareCommand, evaluate, share_tag};
use super::snapshots::Snapshots;
use crate::domain::compose::{Part, Role};
use crate::domain::findings::Finding;
use crate::domain::ids::{Digest, ItemId, ShareId};
use crate::domain::images::KitImage;
use crate::domain::kit::Kit;
use crate::domain::links::PREVIEW_TAG;
use crate::domain::policy::Violation;
use crate::domain::revision::Source;
use crate::domain::roles::Scope;
use crate::domain::share::ShareState;
use crate::domain::span::Span;
use crate::domain::time::Time;
use crate::error::{Code, Error, Result};
use crate::keys;
use crate::record::crypto::hex;
use crate::record::{Event, Prepared, SubjectKey};
use crate::store::Db;
use crate::store::shares::ShareRow;
use crate::store::write::Receipt;

/// The name of the operation that issues shares: its keys live as long as the share (R16).
pub const SHARE_CREATE: &str = "share_create";

/// A part of the logged text as it is stored: its text follows from its place.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredPart {
    /// What it is.
    pub role: Role,
    /// Its length in bytes of UTF-8.
    pub length: usize,
    /// The revision it comes from, where that is not the one shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// An image of a share as it is stored and entered in the record: which file was handed over, and which of the
/// revision's texts. The text itself stands in the revision only, where a redaction takes it away (R2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredImage {
    /// The revision.
    #[serde(flatten)]
    pub source: Source,
    /// The SHA-256 of the file.
    pub file: Digest,
    /// The language of the text that stands for it.
    pub alt_language: String,
}

/// What a rule that only warns says to a comment, as it is sealed with the share: a retry hours later is
/// answered with what the employee was told (R16), whatever rules are in force by then, and what is found in
/// somebody's own words is theirs (R22).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The rule.
    pub rule: ItemId,
    /// Its revision.
    pub revision: i64,
    /// What was found.
    pub code: String,
    /// What the rule says to the writer.
    pub reason: String,
    /// Where in the comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

impl From<&Finding> for Warning {
    fn from(finding: &Finding) -> Self {
        let Violation { rule, code, severity: _, reason, span } = &finding.violation;
        let (code, reason) = ((*code).to_owned(), reason.clone());
        Self { rule: rule.item, revision: rule.revision, code, reason, span: *span }
    }
}

/// A share that was just issued, or one that is read.
#[derive(Debug, Clone)]
pub struct NewShare {
    /// What is stored.
    pub row: ShareRow,
    /// The text handed over.
    pub text: String,
    /// What the intent carries as the text, where the platform puts the link beside it.
    pub intent_text: Option<String>,
    /// The person's own words in it.
    pub comment: Option<String>,
    /// The person's own server, where the intent opens on it.
    pub server: Option<String>,
    /// What rules that only warn say to the comment.
    pub warnings: Vec<Warning>,
    /// The images that go with it.
    pub images: Vec<KitImage>,
    /// Whether it relies on an urgent publication that no review had approved.
    pub urgent: bool,
    /// Where its entry stands.
    pub receipt: Receipt,
}

impl NewShare {
    /// The row of an evaluated share whose entry stands at `receipt`.
    pub fn new(
        context: &Context,
        request: &Request,
        id: ShareId,
        evaluated: &Evaluated,
        stored: &StoredKit,
        receipt: Receipt,
        now: Time,
    ) -> Self {
        let kit = &evaluated.kit;
        let row = ShareRow {
            id,
            idx: receipt.index,
            item_id: request.command.subject.id(),
            kind: request.command.subject.kind(),
            revision: evaluated.revision,
            digest: request.command.digest.clone(),
            person_id: Some(request.person),
            client_id: request.actor.client,
            channel: request.command.channel.to_string(),
            language: kit.language.clone(),
            copy_id: kit.copy_id.clone(),
            state: ShareState::Issued,
            parts: stored.parts.clone(),
            disclaimers: stored.disclaimers.clone(),
            link: kit.link.clone(),
            headline: kit.headline.clone(),
            intent_template: kit.intent_template.clone(),
            delivery: kit.delivery.as_str().to_owned(),
            must_paste: kit.must_paste,
            rules_digest: evaluated.rules_digest.clone(),
            issued_at: now,
            lapses_at: now.after(context.share_lapses_after),
            images: stored.images.clone(),
            campaign: evaluated.campaign.as_ref().map(|campaign| campaign.key.clone()),
        };
        let comment = request.command.comment.clone();
        let warnings = warnings(evaluated);
        let (text, intent_text, server) = (kit.text.clone(), kit.intent_text.clone(), kit.server.clone());
        Self {
            row,
            text,
            intent_text,
            comment,
            server,
            warnings,
            images: kit.images.clone(),
            urgent: evaluated.urgent,
            receipt,
        }
    }
}

/// What rules that only warn say to the comment.
fn warnings(evaluated: &Evaluated) -> Vec<Warning> {
    evaluated.warnings.iter().map(Warning::from).collect()
}

/// Seals the entry of a share; only its time is missing (R15).
pub fn prepare(
    context: &Context,
    person: &PersonAccess,
    actor: &Actor,
    id: ShareId,
    command: &ShareCommand,
    evaluated: &Evaluated,
) -> Result<Prepared> {
    let kit = &evaluated.kit;
    let mut facts = Facts::new()
        .with("share_id", id.to_string())
        .with("kind", command.subject.kind().as_str())
        .with("item_id", command.subject.id().to_string())
        .with("revision", evaluated.revision)
        .with("digest", command.digest.as_str())
        .with("approval_index", evaluated.approved_idx)
        .with("channel", command.channel.as_str())
        .with("language", kit.language.as_str())
        .with("copy_id", kit.copy_id.as_str())
        .with("disclaimers", json!(kit.disclaimers))
        .with_some("campaign", evaluated.campaign.as_ref().map(|campaign| campaign.key.as_str()))
        .with("rules_digest", evaluated.rules_digest.as_str())
        .about(person.id, "final_text", kit.text.as_str());
    let optional =
        [("comment", &command.comment), ("intent_text", &kit.intent_text), ("server", &kit.server)];
    for (name, value) in optional {
        if let Some(value) = value {
            facts = facts.about(person.id, name, value.as_str());
        }
    }
    if !kit.images.is_empty() {
        facts = facts.with("images", json!(stored_images(kit)));
    }
    if !evaluated.warnings.is_empty() {
        facts = facts.about(person.id, "warnings", json!(warnings(evaluated)));
    }
    let key = subject_key(context, person)?;
    let name = person.display_name.as_deref().map(|sealed| open_display_name(&key, sealed)).transpose()?;
    let seed = keys::seed().map_err(Error::internal)?;
    journal::entry(By::Actor(actor), name, Event::ShareIssued, facts)
        .prepare(|_| Some(&key), seed)
        .map_err(Error::internal)
}

/// What of a kit is stored as JSON.
pub struct StoredKit {
    parts: String,
    disclaimers: String,
    images: String,
}

impl StoredKit {
    /// The stored form of a kit of this item.
    pub fn new(kit: &Kit, shared: ItemId) -> Result<Self> {
        let (parts, disclaimers) = (stored_parts(kit, shared)?, to_json(&kit.disclaimers)?);
        Ok(Self { parts, disclaimers, images: to_json(&stored_images(kit))? })
    }
}

fn stored_images(kit: &Kit) -> Vec<StoredImage> {
    let image = |image: &KitImage| StoredImage {
        source: image.source.clone(),
        file: image.file.digest.clone(),
        alt_language: image.alt_language.clone(),
    };
    kit.images.iter().map(image).collect()
}

fn stored_parts(kit: &Kit, shared: ItemId) -> Result<String> {
    let part = |part: &Part| {
        let source = part.source.clone().filter(|source| source.item != shared);
        StoredPart { role: part.role, length: part.text.len(), source }
    };
    to_json(&kit.parts.iter().map(part).collect::<Vec<_>>())
}

fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// What asking for a share needs.
pub struct Desk<'a> {
    /// The database.
    pub db: &'a Db,
    /// What use cases share.
    pub context: &'a Arc<Context>,
    /// What this node knows.
    pub snapshots: &'a Arc<Snapshots>,
    /// The writer task.
    pub issuer: &'a Issuer,
}

impl Desk<'_> {
    /// A kit to look at: composed as a share would be, stored nowhere, and without the means to post.
    pub async fn kit_create(&self, actor: &Actor, command: &ShareCommand) -> Result<Evaluated> {
        self.snapshots.confirmed_content().await?;
        Ok(self.evaluated(actor, command, PREVIEW_TAG).await?.1)
    }

    /// Issues a share, or answers the one that an earlier request with the key made (R16).
    pub async fn share_create(
        &self,
        actor: &Actor,
        command: ShareCommand,
        once: &Once,
    ) -> Result<(ShareView, bool)> {
        let person = actor.person()?;
        let scope = once.scope(actor).ok_or_else(|| {
            Error::new(
                Code::IdempotencyKeyRequired,
                "A share needs an Idempotency-Key, so that a retry makes no second one.",
            )
        })?;
        let access = self.snapshots.access();
        let key = subject_key(self.context, access.person_who(actor, Scope::Share)?)?;
        let body_hmac = hex(&key.request_hmac(&once.body));
        let request = Request { actor: actor.clone(), person, command, scope, body_hmac };
        let issued = match self.evaluated(actor, &request.command, &share_tag()?).await {
            Ok((access, evaluated)) => self.issuer.issue(self.context, &access, request, evaluated).await?,
            Err(refusal) => {
                let known = self.db.read(move |conn| known_share(conn, &request)).await?;
                known.unwrap_or(Err(refusal))?
            }
        };
        match issued {
            Issued::New(new) => Ok((ShareView::fresh(*new, self.context, self.snapshots.now())?, false)),
            Issued::Known(id) => {
                let (context, now) = (Arc::clone(self.context), self.snapshots.now());
                let view = self.db.read(move |conn| share_get(conn, &context, id, now)).await?;
                Ok((view, true))
            }
        }
    }

    /// Evaluates on the snapshot; a refusal is given only once the snapshot is confirmed to be current.
    async fn evaluated(
        &self,
        actor: &Actor,
        command: &ShareCommand,
        tag: &str,
    ) -> Result<(Arc<PersonAccess>, Evaluated)> {
        let first = self.evaluate(actor, command, tag);
        if first.is_ok() {
            return first;
        }
        self.snapshots.refresh().await?;
        self.evaluate(actor, command, tag)
    }

    fn evaluate(
        &self,
        actor: &Actor,
        command: &ShareCommand,
        tag: &str,
    ) -> Result<(Arc<PersonAccess>, Evaluated)> {
        let (content, access) = (self.snapshots.content(), self.snapshots.access());
        let person = access.person_who(actor, Scope::Share)?;
        let evaluated = evaluate(&content, person, self.context, command, tag, self.snapshots.now())?;
        Ok((Arc::clone(person), evaluated))
    }
}

/// The key that this person's values are sealed under.
fn subject_key(context: &Context, person: &PersonAccess) -> Result<SubjectKey> {
    let wrapped = person.wrapped_key.as_deref().ok_or_else(|| Error::internal("a person without a key"))?;
    context.keys.unwrap(wrapped, person.id.uuid()).map_err(Error::internal)
}
