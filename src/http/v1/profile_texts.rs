//! Lines for one's profiles that say where one works.

use actix_web::web::{Data, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::app::actor::Permission;
use crate::app::profile_texts::{ProfileTextsRead, profile_texts_get};
use crate::domain::channels::ChannelId;
use crate::domain::content::Disclaimer;
use crate::domain::disclaimers::Form;
use crate::domain::ids::{Digest, Key};
use crate::domain::profile_texts::{self as domain, NoTexts};
use crate::domain::revision::Resolved;
use crate::error::Result;
use crate::http::extract::{Caller, Query, params};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::schema::LanguageTag;
use crate::http::table::Route;
use crate::state::App;

/// The routes of this file. They ask for a person and no scope, as their other addresses under `/v1/me` do.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/v1/me/profile-texts", Permission::Person, describe_get(), profile_texts_list)]
}

fn describe_get() -> Operation {
    Operation::new(
        "profile_texts_list",
        "people",
        "Read lines for one's profiles",
        "For each channel where people have a profile of their own, a line that says where they work: the words \
         of the live disclaimer `employee`, in `language`, else in the person's own language, else in English: \
         each as it is or in a more general one (RFC 4647). On each channel it is the longest form that fits its profile; where no \
         limit is known, the short form. Without a name of the organisation or a live disclaimer the list is \
         empty, and `reason` says why.\n\nA line in a profile never replaces the disclosure in a post, which every \
         share carries by itself: whoever sees the post may never see the profile (FTC, 16 CFR 255). \
         `replaces_disclosure` is always false.",
    )
    .query::<ProfileTextsQuery>()
    .answer::<ProfileTextList>(200, "The lines.", example_texts())
    .event(NO_EVENT)
}

fn example_texts() -> Value {
    json!({ "items": [{
        "channel": "mastodon",
        "name": "Mastodon (default server settings)",
        "text": "Voor de duidelijkheid: ik werk bij Noordzee Energie.",
        "language": "nl",
        "form": "full",
        "bio_limit": 500,
        "disclaimer": {
            "key": "employee",
            "revision": 1,
            "digest": "sha256:8d3f1a52c0b7e946d0a3b1c5f2e8479a6b0d4c3e2f1a09b8c7d6e5f4a3b2c1d0",
        },
        "replaces_disclosure": false,
    }] })
}

/// In which language.
#[derive(Deserialize, Serialize, IntoParams)]
struct ProfileTextsQuery {
    /// The language of the lines. Without it, or without words in it, it is the person's own.
    #[serde(default, deserialize_with = "params::language")]
    #[param(value_type = Option<LanguageTag>)]
    language: Option<String>,
}

/// Lines for one's profiles.
#[derive(Serialize, ToSchema)]
struct ProfileTextList {
    /// The lines, in the order of the channels.
    #[schema(max_items = 1000)]
    items: Vec<ProfileText>,
    /// Channels whose profiles are too short for every form that the disclaimer may have; absent when there are
    /// none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000, required = false)]
    too_long: Vec<ChannelId>,
    /// Why there are no lines; absent when there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<NoTexts>, nullable = false)]
    reason: Option<&'static str>,
}

/// A line for the profile on one channel.
#[derive(Serialize, ToSchema)]
struct ProfileText {
    /// The channel.
    channel: ChannelId,
    /// The channel's name for people.
    #[schema(max_length = 200)]
    name: String,
    /// The line.
    #[schema(max_length = 4000)]
    text: String,
    /// Its language.
    #[schema(value_type = LanguageTag)]
    language: String,
    /// How long the disclaimer is told.
    form: Form,
    /// The longest text that such a profile takes, in UTF-16 units; absent = no limit is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, nullable = false)]
    bio_limit: Option<u32>,
    /// The disclaimer that the words come from.
    disclaimer: ProfileTextSource,
    /// Always false: every share carries its disclosure by itself, whatever the profile says.
    replaces_disclosure: bool,
}

/// The revision of a disclaimer that a line comes from.
#[derive(Clone, Serialize, ToSchema)]
struct ProfileTextSource {
    /// The disclaimer's key.
    key: Key,
    /// The revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// The revision's digest.
    digest: Digest,
}

impl From<Resolved<Disclaimer>> for ProfileTextSource {
    fn from(disclaimer: Resolved<Disclaimer>) -> Self {
        let Resolved { key, revision, digest, .. } = disclaimer;
        Self { key, revision, digest }
    }
}

impl ProfileTextList {
    fn none(reason: NoTexts) -> Self {
        Self { items: Vec::new(), too_long: Vec::new(), reason: Some(reason.as_str()) }
    }

    fn new(texts: domain::ProfileTexts<'_>, disclaimer: ProfileTextSource) -> Self {
        let line = |text: domain::ProfileText<'_>| ProfileText {
            channel: text.channel.id.clone(),
            name: text.channel.name.clone(),
            text: text.text,
            language: texts.language.clone(),
            form: text.form,
            bio_limit: Some(text.channel.bio_limit).filter(|limit| *limit > 0),
            disclaimer: disclaimer.clone(),
            replaces_disclosure: false,
        };
        let too_long = texts.too_long.iter().map(|channel| channel.id.clone()).collect();
        Self { items: texts.texts.into_iter().map(line).collect(), too_long, reason: None }
    }
}

impl From<ProfileTextsRead<'_>> for ProfileTextList {
    fn from(read: ProfileTextsRead<'_>) -> Self {
        match (read.texts, read.disclaimer) {
            (Ok(texts), Some(disclaimer)) => Self::new(texts, disclaimer.into()),
            (Ok(_), None) => Self::none(NoTexts::NoLiveDisclaimer),
            (Err(reason), _) => Self::none(reason),
        }
    }
}

async fn profile_texts_list(
    app: Data<App>,
    Caller(actor): Caller,
    Query(query): Query<ProfileTextsQuery>,
) -> Result<Json<ProfileTextList>> {
    let content = app.snapshots.confirmed_content().await?;
    let access = app.snapshots.access();
    let own = access.person(actor.person()?).and_then(|person| person.language.clone());
    let languages: Vec<&str> = [&query.language, &own].into_iter().filter_map(Option::as_deref).collect();
    let read = profile_texts_get(&content, &app.context, &languages, app.clock.now());
    Ok(Json(read.into()))
}
