//! What a submission will freeze: everything that the draft refers to is pinned, and every way to share it
//! is tried. That is slow, so it happens before the lock is taken.

use std::sync::Arc;
use std::time::Duration;

use super::{Submit, check_submittable, nothing_to_submit};
use crate::app::campaign_conditions::window_fault;
use crate::app::context::Context;
use crate::app::items::{check_content, find, working_revision};
use crate::app::references::References;
use crate::app::resumption::{Changed, Returned};
use crate::app::rules::Rules;
use crate::app::verdict::Verdict;
use crate::app::words::{Words, shown};
use crate::domain::content::Content;
use crate::domain::disclaimers::InForce;
use crate::domain::ids::Kind;
use crate::domain::images::{self, Shown};
use crate::domain::material::Material;
use crate::domain::matrix::{CommentRoom, can_be_required, check_image, check_submission};
use crate::domain::required_hashtags;
use crate::domain::revision::{Pin, Resolved, Source, sort_pins};
use crate::domain::time::Time;
use crate::error::{Code, Error, Fault, Result};
use crate::store::campaigns;
use crate::store::connection::Conn;
use crate::store::record;

/// How long before its window closes words can still be submitted.
const LEAD: Duration = Duration::from_mins(5);

/// What a submission will freeze, and what that rests on.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) content_version: i64,
    pub(super) content: Content,
    pub(super) pins: Vec<Pin>,
    pub(super) comment_room: Vec<CommentRoom>,
    pub(super) changed: Option<Changed>,
}

/// A draft with what it refers to, as they stood at one moment.
pub(super) struct Draft {
    content_version: i64,
    source: Source,
    content: Content,
    references: References,
    returned: Option<Returned>,
}

/// Reads the draft and what it refers to; refuses what cannot be submitted.
pub(super) fn read_draft(conn: &mut Conn, context: &Context, command: &Submit, now: Time) -> Result<Draft> {
    let content_version = record::state(conn)?.versions.content;
    let item = find(conn, command.kind, command.id)?;
    let working = working_revision(conn, &item)?;
    check_submittable(conn, &item, &working, command, now)?;
    let json = working.content.as_deref().ok_or_else(|| nothing_to_submit("Its content was redacted."))?;
    let mut content = Content::from_json(item.kind, json)?;
    if let (Content::Post(post), Some(extended_to)) = (&mut content, command.extended_to) {
        post.expires_at = Some(extended_to);
    }
    check_content(conn, context, Some(item.id), &content)?;
    check_window(&content, now)?;
    check_campaign(conn, &content, now)?;
    let references = match &content {
        Content::Post(post) => References::read(conn, post, now)?,
        Content::Image(_) => References::of_image(conn, now)?,
        Content::Hashtag(_) | Content::Disclaimer(_) | Content::Guideline(_) | Content::Rule(_) => {
            References::default()
        }
    };
    let returned = Returned::read(conn, &working)?;
    let source = Source { item: item.id, revision: working.revision, digest: working.digest };
    Ok(Draft { content_version, source, content, references, returned })
}

/// Refuses content whose window leaves no time to decide.
fn check_window(content: &Content, now: Time) -> Result<()> {
    if content.window().1.is_none_or(|expires_at| expires_at > now.after(LEAD)) {
        return Ok(());
    }
    let (member, detail) = match content.kind() {
        Kind::Image => {
            ("rights", "The rights, or somebody's consent, have ended, or do within five minutes.")
        }
        _ => {
            ("expires_at", "The window has closed, or does within five minutes: nobody could decide by then.")
        }
    };
    let fault = Fault::body(format!("/content/{member}"), "window_closed", detail);
    Err(Error::invalid_content(vec![fault]))
}

/// Refuses a post that could not be shared within the window of its campaign (R10).
fn check_campaign(conn: &mut Conn, content: &Content, now: Time) -> Result<()> {
    let Content::Post(post) = content else { return Ok(()) };
    let named = post.campaign.as_slice();
    let Some(row) = campaigns::find_all(conn, named)?.pop() else { return Ok(()) };
    match window_fault(&row.campaign()?, content.window(), now) {
        Some(fault) => Err(Error::invalid_content(vec![fault])),
        None => Ok(()),
    }
}

impl Draft {
    /// Pins what the draft refers to and tries every way to share it (R10); the rules look at each text.
    pub(super) fn plan(self, context: &Context, rules: Arc<Rules>, now: Time) -> Result<Plan> {
        let Self { content_version, source, content, references, returned } = self;
        let changed = |content: &Content, pins: &[Pin]| {
            returned.map(|returned| returned.changed(content, pins)).transpose()
        };
        let References { hashtags, live_hashtags, images, live_disclaimers, recalled_disclaimers } =
            references;
        let missing = match (&content, rules.policy()) {
            (Content::Post(post), Ok(policy)) => {
                required_hashtags::missing(post, &live_hashtags, policy, now)
            }
            _ => Vec::new(),
        };
        let words = Words { id: source.item, revision: source.revision, content, hashtags, images };
        let verdict = Verdict::new(rules, &words, now);
        let Words { content, hashtags, images, .. } = words;
        let alone;
        let (post, images) = match &content {
            Content::Post(post) => (post.as_ref(), shown(&images)),
            Content::Image(image) => {
                alone = images::alone(image, &context.channels, &[]);
                (&alone, vec![Shown { source: source.clone(), image }])
            }
            Content::Hashtag(_) | Content::Disclaimer(_) | Content::Guideline(_) | Content::Rule(_) => {
                verdict.check()?;
                let changed = changed(&content, &[])?;
                return Ok(Plan {
                    content_version,
                    content,
                    pins: Vec::new(),
                    comment_room: Vec::new(),
                    changed,
                });
            }
        };
        let material = Material {
            post,
            source: &source,
            hashtags: &hashtags,
            images: &images,
            disclaimers: InForce { pinned: &[], live: &live_disclaimers, recalled: &recalled_disclaimers },
            organisation: &context.organisation,
        };
        let tried = match content.kind() {
            Kind::Image => check_image(&material, &context.channels),
            _ => check_submission(&material, &context.channels),
        };
        let comment_room = passed(missing, tried, &verdict)?;
        let required = can_be_required(post, material.has_ai_image(), &live_disclaimers);
        let mut pins: Vec<Pin> = hashtags.iter().map(|found| pin(Kind::Hashtag, found)).collect();
        pins.extend(required.into_iter().map(|found| pin(Kind::Disclaimer, found)));
        pins.extend(images.iter().filter(|shown| shown.source.item != source.item).map(image_pin));
        sort_pins(&mut pins);
        let changed = changed(&content, &pins)?;
        Ok(Plan { content_version, content, pins, comment_room, changed })
    }
}

fn image_pin(shown: &Shown<'_>) -> Pin {
    let Source { item, revision, digest } = shown.source.clone();
    Pin { kind: Kind::Image, id: item, key: None, revision, digest }
}

/// The room for comments, if nothing that is demanded is missing, every way to share was found to work and no
/// rule blocks a text. What only warns refuses nothing, and is told beside what does.
fn passed(
    missing: Vec<Fault>,
    tried: Result<Vec<CommentRoom>, Vec<Fault>>,
    verdict: &Verdict,
) -> Result<Vec<CommentRoom>> {
    let mut faults = missing;
    match tried {
        Ok(room) if faults.is_empty() => return verdict.check().map(|()| room),
        Ok(_) => {}
        Err(tried) => faults.extend(tried),
    }
    faults.extend(verdict.faults());
    let detail = "It lacks what is required of it, or could not be shared everywhere it is meant for; each place is \
                  in errors.";
    Err(Error::new(Code::InvalidContent, detail).faults(faults))
}

fn pin<T>(kind: Kind, found: &Resolved<T>) -> Pin {
    Pin {
        kind,
        id: found.id,
        key: Some(found.key.clone()),
        revision: found.revision,
        digest: found.digest.clone(),
    }
}
