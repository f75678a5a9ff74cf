//! The schemas of the domain's types, which know nothing of HTTP.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::app::feed::When;
use crate::domain::announcement::{Fact, Topic};
use crate::domain::campaign::Phase;
use crate::domain::channels::{ChannelId, Counting};
use crate::domain::compose::Role as PartRole;
use crate::domain::content::disclaimer::{Form, Placement};
use crate::domain::content::guideline;
use crate::domain::content::image as picture;
use crate::domain::content::post::Personalisation;
use crate::domain::content::rule;
use crate::domain::delivery::Delivery;
use crate::domain::difference;
use crate::domain::ids;
use crate::domain::lifecycle::{Availability, RevisionState};
use crate::domain::measure::Reason;
use crate::domain::post_import;
use crate::domain::profile_texts::NoTexts;
use crate::domain::proposal::ProposalState;
use crate::domain::recheck::{Because, RecheckAction, TouchedState};
use crate::domain::review::{DecisionKind, ReviewState, StageState};
use crate::domain::roles::{Role, Scope};
use crate::domain::share::{Outcome, ShownState};
use crate::domain::time::Time;
use crate::domain::urgent::{UrgentOutcome, UrgentState};
use crate::domain::workflow::{QUORUM_MAX, Quorum, Resume};

/// Stands in schemas for a text that is a language tag.
pub struct LanguageTag;
/// Stands in schemas for a text that is a country's code.
pub struct CountryCode;
/// Stands in schemas for a text that is a short name.
pub struct Slug;
/// Stands in schemas for a text of a few sentences at most, where a list or map holds it.
pub struct ShortText;

/// A text with a description.
fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description))
}

/// A text in a well-known format.
fn formatted(description: &str, format: &str) -> ObjectBuilder {
    text(description).format(Some(SchemaFormat::Custom(format.into())))
}

impl<T> PartialSchema for ids::Id<T> {
    fn schema() -> RefOr<Schema> {
        formatted("An id: a UUID in lower case.", "uuid").into()
    }
}

impl<T> ToSchema for ids::Id<T> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Id")
    }
}

/// Gives types of the domain their schemas here, since the domain knows nothing of HTTP.
macro_rules! schemas {
    ($($type:ty, $name:literal, $schema:expr;)*) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )*};
}

schemas! {
    ids::Digest, "Digest", text("The SHA-256 of a frozen document.")
        .min_length(Some(71)).max_length(Some(71)).pattern(Some("^sha256:[0-9a-f]{64}$"));
    ids::Key, "Key", text("The unique, immutable short name of a hashtag, disclaimer or responsibility.")
        .min_length(Some(1)).max_length(Some(64)).pattern(Some("^[a-z0-9][a-z0-9-]*$"));
    ids::Kind, "Kind", text("A kind of item.").enum_values(Some(ids::Kind::ALL.map(ids::Kind::as_str)));
    Role, "Role", text("A named set of scopes.").enum_values(Some(Role::ALL.map(Role::as_str)));
    Scope, "Scope", text("One right.").enum_values(Some(Scope::ALL.map(Scope::as_str)));
    picture::MediaType, "FileType", text("The type of a picture's file.")
        .enum_values(Some(picture::MediaType::ALL.map(picture::MediaType::as_str)));
    picture::Consent, "Consent", text("Why somebody may be shown: they said so, or nobody had to ask them.")
        .enum_values(Some(["given", "not_needed"]));
    picture::Fraction, "Fraction", ObjectBuilder::new().schema_type(Type::Number)
        .description(Some("A number from 0 to 1; kept in steps of a ten-thousandth."))
        .minimum(Some(0.0)).maximum(Some(1.0));
    post_import::Format, "ImportFormat", text("How a file of posts is written.")
        .enum_values(Some(post_import::Format::ALL.map(post_import::Format::as_str)));
    post_import::ImportState, "ImportState", text("Where an import stands.")
        .enum_values(Some(post_import::ImportState::ALL.map(post_import::ImportState::as_str)));
    post_import::RowResult, "ImportRowResult", text("What became of a row of an import.")
        .enum_values(Some(post_import::RowResult::ALL.map(post_import::RowResult::as_str)));
    Time, "Time", formatted("A time in UTC (RFC 3339).", "date-time");
    ChannelId, "ChannelId", text("The name of a channel; `GET /v1/channels` lists them.")
        .min_length(Some(1)).max_length(Some(32)).pattern(Some("^[a-z0-9_]+$"));
    LanguageTag, "LanguageTag", text("A language tag (BCP 47), such as `nl` or `nl-BE`.")
        .min_length(Some(2)).max_length(Some(35)).pattern(Some("^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"));
    CountryCode, "CountryCode", text("A country's code in capitals (ISO 3166), such as `NL`; `EU` where it says so.")
        .min_length(Some(2)).max_length(Some(2)).pattern(Some("^[A-Z]{2}$"));
    Slug, "Slug", text("A short name.")
        .min_length(Some(1)).max_length(Some(64)).pattern(Some("^[a-z0-9][a-z0-9-]*$"));
    ShortText, "ShortText", text("A short text.").min_length(Some(1)).max_length(Some(2000));
    Personalisation, "Personalisation", text("What of their own employees may add before the copy.")
        .enum_values(Some(["none", "intro", "free"]));
    Placement, "Placement", text("Where in a post a disclaimer stands.")
        .enum_values(Some(["lead", "visible", "end", "attached"]));
    Form, "Form", text("How long a disclaimer is told.").enum_values(Some(["full", "short", "tag"]));
    rule::Severity, "RuleSeverity", text("What a rule does with what it finds: the writer is told, or the text is refused.")
        .enum_values(Some(["warn", "block"]));
    rule::Scope, "RuleScope", text("A text that rules look at; `copy` is also a post's headline, credit and link and an image's credit, `alt` the texts of images.")
        .enum_values(Some(["copy", "comment", "alt"]));
    rule::PersonalData, "PersonalData", text("Personal data, or a secret, that is recognised by its form.")
        .enum_values(Some(["iban", "bsn", "payment_card", "phone", "email", "secret"]));
    rule::OnExisting, "OnExisting", text("What becomes of live posts that break a rule when it comes into force.")
        .enum_values(Some(["list", "block"]));
    guideline::Family, "GuidelineFamily", text("For which accounts a guideline is: those in the organisation's name, or employees' own.")
        .enum_values(Some(["official_accounts", "employees"]));
    guideline::Requirement, "GuidelineRequirement", text("What a guideline asks of those for whom it is.")
        .enum_values(Some(["acceptance", "none"]));
    Phase, "CampaignPhase", text("Where a campaign is in its life; one that is ended before it begins stays `before`.")
        .enum_values(Some(Phase::ALL.map(Phase::as_str)));
    RevisionState, "RevisionState", text("The stored state of a revision.")
        .enum_values(Some(RevisionState::ALL.map(RevisionState::as_str)));
    Availability, "Availability", text("What time, recalls and dependencies make of an item.")
        .enum_values(Some(Availability::ALL.map(Availability::as_str)));
    ReviewState, "ReviewState", text("The state of a review: open, or its outcome.")
        .enum_values(Some(ReviewState::ALL.map(ReviewState::as_str)));
    StageState, "StageState", text("The state of a stage.")
        .enum_values(Some(["waiting", "open", "passed", "failed", "stuck"]));
    Resume, "Resume", text("Where the review of a resubmission begins: with the first stage, or with the one that asked for changes.")
        .enum_values(Some(Resume::ALL.map(Resume::as_str)));
    difference::ChangeKind, "ChangeKind", text("What became of a place.")
        .enum_values(Some(["added", "removed", "replaced", "moved"]));
    difference::PieceOp, "PieceOp", text("What became of a piece of a text.")
        .enum_values(Some(["kept", "removed", "added"]));
    DecisionKind, "DecisionKind", text("What a reviewer says.")
        .enum_values(Some(DecisionKind::ALL.map(DecisionKind::as_str)));
    PartRole, "PartRole", text("What a part of a text is.").enum_values(Some([
        "disclaimer", "comment", "copy", "credit", "hashtag", "link", "separator",
    ]));
    Counting, "Counting", text("In which unit a channel counts a text.").enum_values(Some([
        "weighted-twitter", "graphemes", "mastodon", "threads", "utf16", "code-points", "utf8-bytes",
    ]));
    Reason, "MeasurementReason", text("Why a text cannot be posted on a channel.").enum_values(Some([
        "no_text_field", "empty", "invalid_character", "too_long", "too_many_bytes", "too_many_links",
        "too_many_hashtags",
    ]));
    Delivery, "Delivery", text("How the text gets into the channel's composer.")
        .enum_values(Some(["prefilled", "paste_then_open", "share_sheet"]));
    When, "When", text("When a disclaimer is added.")
        .enum_values(Some(["always", "with_comment", "by_country"]));
    ShownState, "ShareState", text("The state of a share.")
        .enum_values(Some(ShownState::ALL.map(ShownState::as_str)));
    Topic, "Topic", text("What a notification is about.").enum_values(Some(Topic::ALL.map(Topic::as_str)));
    Fact, "Fact", ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Integer, Type::String]))
        .description(Some("A number, or a word or name of the organisation's.")).max_length(Some(200));
    UrgentOutcome, "UrgentOutcome", text("What the review of an urgent publication led to.")
        .enum_values(Some(UrgentOutcome::ALL.map(UrgentOutcome::as_str)));
    RecheckAction, "RecheckAction", text("What is done about the posts that a revision touches: `none`; `notify` \
        their authors and the publishers; or `reapprove`, which blocks each until it is approved anew.")
        .enum_values(Some(RecheckAction::ALL.map(RecheckAction::as_str)));
    Because, "TouchedBecause", text("Why a post is touched: it `pins_older`, an older revision of the disclaimer; the \
        disclaimer is `required` of it and not pinned; `rule_finds` something in it; or it is for a \
        `shared_audience`, somebody for whom the guideline is too.")
        .enum_values(Some(Because::ALL.map(Because::as_str)));
    TouchedState, "TouchedState", text("What became of a post: `blocked` until it is approved anew; `unchanged`, where \
        it was not blocked; `approved_anew`, in a revision that was submitted since; or `ended`, expired, retired or \
        recalled.")
        .enum_values(Some(TouchedState::ALL.map(TouchedState::as_str)));
    UrgentState, "UrgentState", text("What an urgent publication waits for, or came to.")
        .enum_values(Some(UrgentState::ALL.map(UrgentState::as_str)));
    NoTexts, "NoProfileTexts", text("Why there are no lines: the operator has not said what the organisation is called; no disclaimer that says that one works there is live; it has no text in the language or in English; or it names something of the organisation that the operator has not set.")
        .enum_values(Some(NoTexts::ALL.map(NoTexts::as_str)));
    ProposalState, "PostProposalState", text("What became of a proposed post: the authors have it (`received`, also when it came back to them without an outcome); it is `in_review`; a reviewer asked for changes; it was `approved`, and is not live yet or is blocked; it is `live`; it was `not_taken`, declined by an author or rejected in its review; whoever proposed it took it back (`withdrawn`); or it has `ended`: recalled, retired or expired.")
        .enum_values(Some(ProposalState::ALL.map(ProposalState::as_str)));
    Outcome, "Outcome", text("What became of a share.").enum_values(Some(Outcome::ALL.map(Outcome::as_str)));
}

impl PartialSchema for Quorum {
    fn schema() -> RefOr<Schema> {
        let word = text("A word.").enum_values(Some(["any", "all"])).build();
        let count = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .description(Some("A number of approvals."))
            .minimum(Some(1))
            .maximum(Some(QUORUM_MAX))
            .build();
        let description = "How many approvals pass a stage: `any` one, those of `all` who can decide when it opens, or \
                           so many.";
        OneOfBuilder::new().item(word).item(count).description(Some(description)).into()
    }
}

impl ToSchema for Quorum {
    fn name() -> Cow<'static, str> {
        "Quorum".into()
    }
}
