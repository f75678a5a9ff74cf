//! Kits: how a share would look, without the means to post it.

use actix_web::web::{Data, Json};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers::is_false;
use super::findings::{RuleFinding, told};
use super::sharing::{
    DisclaimerUsed, EXAMPLE_DIGEST, EXAMPLE_POST, REFUSALS, ShareCreate, SharedImage, TextPart,
    example_request, example_text,
};
use crate::app::actor::Permission;
use crate::app::share_views::ImageView;
use crate::app::sharing::{Evaluated, ShareCommand};
use crate::domain::channels::{ChannelId, Counting};
use crate::domain::counting::Count;
use crate::domain::delivery::Delivery;
use crate::domain::ids::{Digest, ItemId, Kind};
use crate::domain::roles::Scope;
use crate::error::{Code, Result};
use crate::http::extract::{Body, Caller};
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::schema::set;
use crate::http::table::Route;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    let create = Operation::new(
        "kit_create",
        "shares",
        "Look at what a share would hand over",
        "Composes the text as a share would, and refuses as a share would, but for limits. Nothing is stored, and neither \
         an intent nor the address of an image is answered: only a share gives the means to post. The limits of \
         campaigns are not looked at: a share of what is answered here may still be refused as `limit_reached`.",
    )
    .body::<ShareCreate>(example_request())
    .answer::<Kit>(200, "What would be handed over.", example_kit())
    .errors(REFUSALS)
    .errors(&[Code::Stale])
    .event(NO_EVENT);
    vec![Route::post("/v1/kits", Permission::PersonHolds(Scope::Share), create, kit_create)]
}

fn example_kit() -> Value {
    let mut kit = example_text();
    set(&mut kit, "post_id", json!(EXAMPLE_POST));
    set(&mut kit, "digest", json!(EXAMPLE_DIGEST));
    set(&mut kit, "revision", json!(1));
    set(&mut kit, "count", json!({ "unit": "utf16", "units": 101, "limit": 3000, "bytes": 101 }));
    set(&mut kit, "intent_too_long", json!(false));
    set(&mut kit, "dropped_hashtags", json!([]));
    set(&mut kit, "warnings", json!([]));
    set(&mut kit, "preview", json!(true));
    kit
}

/// What a share would hand over.
#[derive(Serialize, ToSchema)]
struct Kit {
    /// The post, if one would be shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    post_id: Option<ItemId>,
    /// The image, if one would be shared by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    image_id: Option<ItemId>,
    /// The revision.
    #[schema(minimum = 1)]
    revision: i64,
    /// Its digest.
    digest: Digest,
    /// Where it would be shared.
    channel: ChannelId,
    /// The language of the copy, or of the image's text.
    #[schema(max_length = 35)]
    language: String,
    /// The copy of a post.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 32, nullable = false)]
    copy_id: Option<String>,
    /// The whole text, link included.
    #[schema(max_length = 400_000)]
    text: String,
    /// The parts of the text, in order; together they are the text.
    #[schema(max_items = 1000)]
    parts: Vec<TextPart>,
    /// The disclaimers in the text, by rank.
    #[schema(max_items = 100)]
    disclaimers: Vec<DisclaimerUsed>,
    /// The images, without the addresses of their files.
    #[schema(max_items = 35)]
    images: Vec<SharedImage>,
    /// The link, with its tracking parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096, nullable = false)]
    link: Option<String>,
    /// The headline, for channels that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, nullable = false)]
    headline: Option<String>,
    /// How long the text is, and how long it may be.
    count: TextCount,
    /// How the text gets into the channel's composer.
    delivery: Delivery,
    /// What stands in the composer beside the link, for the channels that put the link there themselves: then
    /// this, and not `text`, is what the employee sees to be posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 400_000, nullable = false)]
    intent_text: Option<String>,
    /// Whether the employee must paste the text.
    must_paste: bool,
    /// Whether the employee, or the phone's share sheet, must add the images: no address that opens a composer
    /// brings them along.
    must_attach: bool,
    /// Whether it is pasted because it is too long for the address that opens the composer.
    intent_too_long: bool,
    /// Hashtags of the post that were left out for the text to fit.
    #[schema(max_items = 30)]
    dropped_hashtags: Vec<String>,
    /// What rules that only warn say to the comment.
    #[schema(max_items = 10_000)]
    warnings: Vec<RuleFinding>,
    /// Whether it was published urgently and no review has approved it yet; absent otherwise.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    urgent: bool,
    /// Always true: this is no share.
    preview: bool,
}

/// How long a text is on a channel, and how long it may be.
#[derive(Serialize, ToSchema)]
struct TextCount {
    /// The unit of the channel.
    unit: Counting,
    /// The text's length in that unit.
    #[schema(minimum = 0)]
    units: usize,
    /// The most units; absent = no limit is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    limit: Option<usize>,
    /// The text's length in bytes of UTF-8.
    #[schema(minimum = 0)]
    bytes: usize,
    /// The most bytes; absent = no limit is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    byte_limit: Option<usize>,
}

impl From<Count> for TextCount {
    fn from(count: Count) -> Self {
        let Count { unit, units, limit, bytes, byte_limit } = count;
        Self { unit, units, limit, bytes, byte_limit }
    }
}

impl Kit {
    fn of(command: ShareCommand, evaluated: Evaluated) -> Self {
        let Evaluated { revision, kit, warnings, urgent, .. } = evaluated;
        let of_kind = |kind| (command.subject.kind() == kind).then(|| command.subject.id());
        Self {
            post_id: of_kind(Kind::Post),
            image_id: of_kind(Kind::Image),
            must_attach: kit.must_attach(),
            images: kit.images.into_iter().map(|image| ImageView::from(image).into()).collect(),
            revision,
            digest: command.digest,
            channel: command.channel,
            language: kit.language,
            copy_id: Some(kit.copy_id).filter(|_| command.subject.kind() == Kind::Post),
            text: kit.text,
            parts: kit.parts.into_iter().map(TextPart::from).collect(),
            disclaimers: kit.disclaimers.into_iter().map(DisclaimerUsed::from).collect(),
            link: kit.link,
            headline: kit.headline,
            count: kit.count.into(),
            delivery: kit.delivery,
            intent_text: kit.intent_text,
            must_paste: kit.must_paste,
            intent_too_long: kit.intent_too_long,
            dropped_hashtags: kit.dropped_hashtags,
            warnings: told(warnings),
            urgent,
            preview: true,
        }
    }
}

async fn kit_create(
    app: Data<App>,
    Caller(actor): Caller,
    Body(body): Body<ShareCreate>,
) -> Result<Json<Kit>> {
    let command = ShareCommand::try_from(body)?;
    let evaluated = app.desk().kit_create(&actor, &command).await?;
    Ok(Json(Kit::of(command, evaluated)))
}
