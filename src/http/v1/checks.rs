//! Checks of a post: what its submission would find, told for each combination.

use actix_web::web::{Data, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::Validate;

use super::findings::{RuleFinding, example_finding, told};
use crate::app::actor::Permission;
use crate::app::checks::{Combination, PostCheck, post_check, post_revision};
use crate::domain::content::disclaimer::Form;
use crate::domain::ids::{Digest, ItemId, Key};
use crate::domain::matrix::Fitted;
use crate::domain::roles::Scope;
use crate::error::{At, Code, Fault, Result};
use crate::http::extract::{Body, Path};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::schema::{CountryCode, LanguageTag};
use crate::http::table::Route;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let check = Operation::new(
        "post_check",
        "posts",
        "Check a post everywhere it is meant for",
        "Tries the revision in each combination of language, channel, copy and country as its submission \
         does, and tells each: whether it fits and how long it is, which hashtags give way, which form of each \
         disclaimer is used, and the room for a comment. `faults` names hashtags that are required and missing, \
         too. `violations` is what rules in force and hashtags that are blocked find, each once, since a text \
         is the same wherever it is shared. A draft is tried with what is live now, a frozen \
         revision with what it pins. Nothing is stored and nothing is refused, but for more combinations than \
         a submission tries. A rule that cannot be evaluated is 409 `blocked`.",
    )
    .body::<CheckCreate>(json!({ "revision": 1 }))
    .answer::<Check>(200, "What would become of the post.", example_check())
    .errors(&[Code::InvalidContent, Code::Blocked])
    .event(NO_EVENT);
    let read = Permission::Holds(Scope::ContentRead);
    vec![Route::post("/v1/posts/{id}/checks", read, check, check_create)]
}

/// Which revision to check.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
struct CheckCreate {
    /// The revision; the newest one when absent.
    #[validate(range(min = 1))]
    #[schema(minimum = 1)]
    revision: Option<i64>,
}

/// What would become of a post.
#[derive(Serialize, ToSchema)]
struct Check {
    /// The post.
    post_id: ItemId,
    /// The revision that was checked.
    #[schema(minimum = 1)]
    revision: i64,
    /// Its digest.
    digest: Digest,
    /// Whether it would pass its submission: everything fits, and no rule blocks.
    passes: bool,
    /// Each combination of channel, copy and country.
    #[schema(max_items = 5000)]
    combinations: Vec<CheckedCombination>,
    /// What is wrong whatever the combination.
    #[schema(max_items = 1000)]
    faults: Vec<CheckFault>,
    /// What rules find; pointers lead into the body of the post's draft.
    #[schema(max_items = 100_000)]
    violations: Vec<RuleFinding>,
}

/// One copy on one channel in one country.
#[derive(Serialize, ToSchema)]
struct CheckedCombination {
    /// The copy's language.
    #[schema(value_type = LanguageTag)]
    language: String,
    /// The channel.
    #[schema(max_length = 32)]
    channel: String,
    /// The copy.
    #[schema(max_length = 32)]
    copy_id: String,
    /// The country, where the audience names countries; absent = this holds for all countries.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CountryCode>, nullable = false)]
    country: Option<String>,
    /// Whether it can be shared, as far as composing goes.
    fits: bool,
    /// How long the text is in the channel's unit, without a comment; where it does not fit, the shortest
    /// that was tried, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    count: Option<usize>,
    /// The most units; absent = no limit is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    limit: Option<usize>,
    /// By how much it is too long, where that is why it does not fit: in the channel's unit, or in what else
    /// is limited (bytes, hashtags, links).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    excess: Option<usize>,
    /// Hashtags that give way, without the number sign.
    #[schema(max_items = 30)]
    dropped_hashtags: Vec<String>,
    /// The disclaimers, by rank.
    #[schema(max_items = 100)]
    disclaimers: Vec<CheckedDisclaimer>,
    /// Units of the channel that a comment may have; absent = any number, or it does not fit. 0 where none
    /// is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    comment_room: Option<usize>,
    /// Why it does not fit.
    #[schema(max_items = 100)]
    faults: Vec<CheckFault>,
}

/// A disclaimer in a text, and how long it is told.
#[derive(Serialize, ToSchema)]
struct CheckedDisclaimer {
    /// Its key.
    key: Key,
    /// The form used.
    form: Form,
}

/// Why a combination, or the whole post, could not be shared.
#[derive(Serialize, ToSchema)]
struct CheckFault {
    /// The place in the post's draft.
    #[schema(max_length = 200)]
    pointer: String,
    /// What is wrong.
    #[schema(max_length = 64)]
    code: &'static str,
    /// The same for a person to read.
    #[schema(max_length = 1000)]
    detail: String,
}

impl From<Fault> for CheckFault {
    fn from(fault: Fault) -> Self {
        let (At::Pointer(pointer) | At::Parameter(pointer) | At::Header(pointer)) = fault.at;
        Self { pointer, code: fault.code, detail: fault.detail }
    }
}

impl From<PostCheck> for Check {
    fn from(check: PostCheck) -> Self {
        Self {
            passes: check.passes(),
            post_id: check.post.item,
            revision: check.post.revision,
            digest: check.post.digest,
            combinations: check.combinations.into_iter().map(CheckedCombination::from).collect(),
            faults: check.faults.into_iter().map(CheckFault::from).collect(),
            violations: told(check.violations),
        }
    }
}

impl From<Combination> for CheckedCombination {
    fn from(combination: Combination) -> Self {
        let Combination { language, channel, copy_id, country, limit, excess, count, outcome } = combination;
        let fits = outcome.is_ok();
        let (dropped_hashtags, disclaimers, comment_room, faults) = match outcome {
            Ok(Fitted { dropped, disclaimers, room, .. }) => (dropped, disclaimers, room, Vec::new()),
            Err(faults) => (Vec::new(), Vec::new(), None, faults),
        };
        let disclaimers = disclaimers.into_iter().map(|(key, form)| CheckedDisclaimer { key, form });
        Self {
            language,
            channel,
            copy_id,
            country,
            fits,
            count,
            limit,
            excess,
            dropped_hashtags,
            disclaimers: disclaimers.collect(),
            comment_room,
            faults: faults.into_iter().map(CheckFault::from).collect(),
        }
    }
}

fn example_check() -> Value {
    let fits = json!({
        "language": "nl",
        "channel": "linkedin",
        "copy_id": "nl-1",
        "fits": true,
        "count": 148,
        "limit": 3000,
        "dropped_hashtags": [],
        "disclaimers": [{ "key": "employee", "form": "full" }],
        "comment_room": 200,
        "faults": [],
    });
    let too_long = json!({
        "language": "nl",
        "channel": "x",
        "copy_id": "nl-1",
        "fits": false,
        "count": 291,
        "limit": 280,
        "excess": 11,
        "dropped_hashtags": [],
        "disclaimers": [],
        "faults": [{
            "pointer": "#/content/copies/0/text",
            "code": "too_long",
            "detail": "The text is too long, by 11.",
        }],
    });
    json!({
        "post_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81",
        "revision": 1,
        "digest": "sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "passes": false,
        "combinations": [fits, too_long],
        "faults": [],
        "violations": [example_finding("#/content/copies/0/text", "warn")],
    })
}

async fn check_create(
    app: Data<App>,
    Path(id): Path<ItemId>,
    Body(body): Body<CheckCreate>,
) -> Result<Json<Check>> {
    let revision = app.read(move |conn, _| post_revision(conn, id, body.revision)).await?;
    let content = app.snapshots.confirmed_content().await?;
    let (context, now) = (app.context.clone(), app.clock.now());
    let check = app.think(move || post_check(&context, &content, &revision, now)).await?;
    Ok(Json(check.into()))
}
