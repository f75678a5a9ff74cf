//! The routes of a kind, and what the document says of each.

use serde_json::json;

use super::types::{DecisionCreate, Ending, Item, ItemDraft, ItemFilter, ItemPage, ItemRevision, Submission};
use super::{ItemKind, WrittenKind, differences, examples, handlers};
use crate::app::actor::Permission;
use crate::app::rules::are_looked_at;
use crate::domain::ids::Kind;
use crate::domain::roles::Scope;
use crate::error::Code;
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::table::Route;
use crate::http::v1::reviews::Review;
use crate::record::Event;

/// The routes of one kind of item.
pub fn routes<K: WrittenKind>() -> Vec<Route> {
    let write = Permission::PersonHolds(Scope::ContentWrite);
    let all = format!("/v1/{}", K::PLURAL);
    let draft = format!("{all}/{{id}}/draft");
    let mut routes = vec![
        Route::post(all, write, create::<K>(), handlers::create::<K>),
        Route::put(draft, write, draft_put::<K>(), handlers::draft_put::<K>),
    ];
    routes.extend(shared_routes::<K>());
    routes
}

/// The routes that all kinds have, however they are written.
pub fn shared_routes<K: ItemKind>() -> Vec<Route> {
    let read = Permission::Holds(Scope::ContentRead);
    let write = Permission::PersonHolds(Scope::ContentWrite);
    let review = Permission::PersonHolds(Scope::Review);
    let publish = Permission::PersonHolds(Scope::Publish);
    let all = format!("/v1/{}", K::PLURAL);
    let one = format!("{all}/{{id}}");
    let under = |name: &str| format!("{one}/{name}");
    vec![
        Route::get(all.as_str(), read, list::<K>(), handlers::list::<K>),
        Route::get(one.as_str(), read, get::<K>(), handlers::get::<K>),
        Route::get(under("revisions/{n}"), read, revision_get::<K>(), handlers::revision_get::<K>),
        differences::route::<K>(),
        Route::post(under("submission"), write, submit::<K>(), handlers::submit::<K>),
        Route::post(under("decisions"), review, decide::<K>(), handlers::decide::<K>),
        Route::post(under("recall"), publish, recall::<K>(), handlers::recall::<K>),
        Route::post(under("retirement"), publish, retire::<K>(), handlers::retire::<K>),
    ]
}

fn operation<K: ItemKind>(id: &'static str, summary: String, description: &str) -> Operation {
    Operation::new(id, K::PLURAL, summary, description)
}

fn create<K: WrittenKind>() -> Operation {
    let description = "Makes an item with its first draft; the caller is its author. Nothing is published \
                       by this. Every fault of the content is listed at its place in one answer, also what \
                       is longer than it may be and what refers to nothing.";
    let already_exists: &[Code] = if K::KIND.has_key() { &[Code::AlreadyExists] } else { &[] };
    operation::<K>(K::OPERATIONS.create, format!("Make a {}", K::KIND), description)
        .body::<K::Create>(examples::create::<K>())
        .idempotency_key()
        .answer::<Item>(201, "The item with its draft.", examples::draft_item::<K>())
        .etag()
        .location()
        .errors(K::CONTENT_CODES)
        .errors(already_exists)
        .event(NO_EVENT)
        .of_kind::<K::Content>(K::SCHEMA)
}

fn list<K: ItemKind>() -> Operation {
    let description = "Newest first, each with its newest revision, whatever became of it. `state`, \
                       `campaign` and `author` look at that revision, `ends_within_days` at the approved one that \
                       counts. Availability depends on the time, so a page that filters by it, or by what \
                       ends, may be short, or empty, and still have a next one.";
    let page = json!({ "items": [examples::live_item::<K>()] });
    operation::<K>(K::OPERATIONS.list, format!("List {}", K::PLURAL), description)
        .query::<ItemFilter>()
        .paged()
        .answer::<ItemPage>(200, "A page of items.", page)
        .event(NO_EVENT)
        .of_kind::<K::Content>(K::SCHEMA)
}

fn get<K: ItemKind>() -> Operation {
    let description = "The item with its newest revision and the review of it. `availability` is derived \
                       from time, recalls and what the item relies on. `ETag` is the version that a save \
                       names in `If-Match`.";
    operation::<K>(K::OPERATIONS.get, format!("Read a {}", K::KIND), description)
        .answer::<Item>(200, "The item.", examples::live_item::<K>())
        .etag()
        .event(NO_EVENT)
        .of_kind::<K::Content>(K::SCHEMA)
}

fn revision_get<K: ItemKind>() -> Operation {
    let description = "One revision with its whole document. A frozen one never changes: `digest` is the \
                       SHA-256 of the RFC 8785 form of its `kind`, `id`, `key` (if any), `revision`, \
                       `content` and `pins`. Once redacted, the content is gone and `redacted` names the \
                       entry.";
    let number = json!({ "type": "integer", "minimum": 1 });
    operation::<K>(K::OPERATIONS.revision_get, format!("Read a revision of a {}", K::KIND), description)
        .path("n", "The revision's number, from 1.", number)
        .answer::<ItemRevision>(200, "The revision.", examples::revision::<K>())
        .event(NO_EVENT)
        .of_kind::<K::Content>(K::SCHEMA)
}

/// What the document says of saving a draft.
pub fn draft_put<K: ItemKind>() -> Operation {
    let description = "Saves the whole content. Identical content changes nothing. A draft changes in \
                       place; editing what is frozen opens the next revision, while an approved one stays \
                       live. Editing what is under review withdraws that review, and the answer says so in \
                       `withdrew_review`. The caller becomes an author.";
    operation::<K>(K::OPERATIONS.draft_put, format!("Save the draft of a {}", K::KIND), description)
        .body::<ItemDraft<K::Content>>(examples::draft::<K>())
        .if_match()
        .answer::<Item>(200, "The item with its draft.", examples::draft_item::<K>())
        .etag()
        .errors(K::CONTENT_CODES)
        .event(Event::RevisionWithdrawn.as_str())
        .of_kind::<K::Content>(K::SCHEMA)
}

fn submit<K: ItemKind>() -> Operation {
    let description = "Freezes the draft with this digest, pins what it refers to, and opens its review \
                       under the workflow in force; the answer has the frozen digest, which decisions name. \
                       Everything that sharing checks is checked now, for each language, channel, copy and \
                       country, so that what is approved can be shared; `comment_room` tells what each \
                       combination leaves for a comment. Another digest is 409 `revision_changed` with the \
                       present one. The words of a review that ended with `changes_requested`, `withdrawn` or \
                       `lapsed` may be submitted again as the next revision, and so may approved ones that a \
                       recall, a retirement, a recheck or a pin keeps from being live. While a revision that was \
                       published urgently awaits its review, no newer one is submitted: 409 `review_open`. Rules in force look at each \
                       text: one that blocks is 422 `rule_violated`, with the place of each violation; those \
                       that warn refuse nothing, and stand in `warnings`. A hashtag that is blocked is such a \
                       rule, and one that is required for the post and not named by it is the fault \
                       `hashtag_required`.";
    let codes = [
        Code::ReviewOpen,
        Code::RevisionChanged,
        Code::NothingToSubmit,
        Code::NoWorkflow,
        Code::NotEnoughReviewers,
    ];
    operation::<K>(K::OPERATIONS.submit, format!("Submit a {} for review", K::KIND), description)
        .body::<Submission>(examples::submission())
        .idempotency_key()
        .answer::<Review>(201, "The review that opened.", examples::review::<K>(true))
        .location()
        .errors(&codes)
        .errors(K::CONTENT_CODES)
        .errors(by_rules::<K>())
        .event(Event::RevisionSubmitted.as_str())
}

/// How words of this kind can be refused by the rules in force.
fn by_rules<K: ItemKind>() -> &'static [Code] {
    if are_looked_at(K::KIND) { &[Code::RuleViolated, Code::Blocked] } else { &[] }
}

fn decide<K: ItemKind>() -> Operation {
    let description = "Casts the caller's decision on one exact revision, named by number and frozen \
                       digest. It counts in the stage that is open, whose pool is read now. Authors of the \
                       words cannot decide, a person counts once in a review, and `request_changes` and \
                       `reject` end the review and need a reason. A decision after the review ended is 409 \
                       `stage_closed` with its state. Rules may have come into force since the words were \
                       submitted: an approval of words that break one that blocks is 422 `rule_violated`, \
                       with each violation, and the review stays open for any other decision. So it is with a \
                       post whose campaign has ended or closed since: its approval is 422 `invalid_content`, with \
                       the fault `unknown_key` or `outside_campaign`, unless it was published urgently before. And the \
                       approval that would end the review of a post is 409 `rechecked` where something that it rests \
                       on was rechecked with `reapprove` since it was submitted; `recheck` says which, by what the post \
                       is touched, and why it was asked: it is submitted anew, after a request for changes or an \
                       edit, or the recheck is withdrawn.";
    let codes = [
        Code::NotInReview,
        Code::RevisionChanged,
        Code::StageClosed,
        Code::AuthorCannotDecide,
        Code::NotAReviewer,
        Code::AlreadyDecided,
        Code::InvalidContent,
    ];
    operation::<K>(K::OPERATIONS.decide, format!("Decide on a {}", K::KIND), description)
        .body::<DecisionCreate>(examples::decision())
        .idempotency_key()
        .answer::<Review>(201, "The review with the decision.", examples::review::<K>(true))
        .errors(&codes)
        // Only posts are published urgently, or rechecked.
        .errors(if K::KIND == Kind::Post { &[Code::PublisherCannotDecide, Code::Rechecked] } else { &[] })
        .errors(by_rules::<K>())
        .event(Event::DecisionMade.as_str())
}

fn recall<K: ItemKind>() -> Operation {
    let description = "Stops the item at once, for every revision submitted so far, and withdraws an open \
                       review. From the moment of this answer no new share of it, or of what relies on it, \
                       is issued on any node. It asks for no version, and the same again changes nothing. \
                       Only a revision that is submitted afterwards can make the item live again.";
    operation::<K>(K::OPERATIONS.recall, format!("Recall a {}", K::KIND), description)
        .body::<Ending>(examples::ending())
        .idempotency_key()
        .answer::<Item>(200, "The item, recalled.", examples::ended_item::<K>("recalled"))
        .etag()
        .errors(&[Code::NotApproved, Code::InvalidContent])
        .event(Event::ItemRecalled.as_str())
        .of_kind::<K::Content>(K::SCHEMA)
}

fn retire<K: ItemKind>() -> Operation {
    let description = "Takes the item out of use without haste, for every revision submitted so far; an \
                       open review is withdrawn. What pins the item stays live. The same again changes nothing.";
    operation::<K>(K::OPERATIONS.retire, format!("Retire a {}", K::KIND), description)
        .body::<Ending>(examples::ending())
        .idempotency_key()
        .answer::<Item>(200, "The item, retired.", examples::ended_item::<K>("retired"))
        .etag()
        .errors(&[Code::NotApproved, Code::InvalidContent])
        // A disclaimer that is required of posts.
        .errors(if K::KIND == Kind::Disclaimer { &[Code::Conflict] } else { &[] })
        .event(Event::ItemRetired.as_str())
        .of_kind::<K::Content>(K::SCHEMA)
}
