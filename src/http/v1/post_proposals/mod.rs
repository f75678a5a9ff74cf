//! Posts that employees propose. Their address is `/v1/suggestions`; everywhere else they are proposals, since
//! reviewers suggest changes of words too.

mod handlers;
mod types;

use serde_json::{Value, json};

use self::handlers::{proposal_create, proposal_decline, proposal_get, proposal_list, proposal_withdraw};
use self::types::{
    DeclineCreate, PostProposal, PostProposalCreate, PostProposalPage, ProposalFilter, WithdrawalCreate,
};
use crate::app::actor::Permission;
use crate::domain::roles::Scope;
use crate::error::Code;
use crate::http::operation::{NO_EVENT, Operation};
use crate::http::schema::set;
use crate::http::table::Route;
use crate::record::Event;

const CREATE: &str = "post_propose";
const LIST: &str = "post_proposal_list";
const DECLINE: &str = "post_proposal_decline";
const WITHDRAW: &str = "post_proposal_withdraw";

/// The routes of this file. Reading and taking back ask for a person and no scope, since everybody may see what
/// became of their own; those of others are for whoever reads content.
pub fn routes() -> Vec<Route> {
    let own = Permission::Person;
    let propose = Permission::PersonHolds(Scope::Share);
    let decline = Permission::PersonHolds(Scope::ContentWrite);
    vec![
        Route::post("/v1/suggestions", propose, describe_create(), proposal_create),
        Route::get("/v1/suggestions", own, describe_list(), proposal_list),
        Route::get("/v1/suggestions/{id}", own, describe_get(), proposal_get),
        Route::post("/v1/suggestions/{id}/decline", decline, describe_decline(), proposal_decline),
        Route::post("/v1/suggestions/{id}/withdrawal", own, describe_withdraw(), proposal_withdraw),
    ]
}

fn describe_create() -> Operation {
    Operation::new(
        CREATE,
        "posts",
        "Propose a post",
        "An employee proposes a post. It becomes a draft with them as its first author, which the authors find \
         among the posts and go on with; they are told. The draft is the organisation's, and keeps its words when the \
         employee is erased; what the proposal says of them goes. Once somebody else submits the draft, the employee \
         is told. It is checked as any draft is. Whoever proposes it can \
         never decide on it. A person may have 20 proposals at once of which it is open what becomes of them: \
         one more is 409 `too_many_proposals`, which says in `most` how many that is.",
    )
    .body::<PostProposalCreate>(json!({
        "title": "Open dag in de haven",
        "language": "nl",
        "text": "Zaterdag laten we de nieuwe installatie zien. Loop gerust binnen!",
        "channels": ["linkedin", "x"],
        "link": { "url": "https://www.noordzee-energie.example/open-dag" },
        "note": "Veel collega's delen dit graag; foto's heb ik ook.",
    }))
    .idempotency_key()
    .answer::<PostProposal>(201, "The proposal was made.", example_proposal())
    .location()
    .errors(&[Code::InvalidContent, Code::TooManyProposals])
    .event(Event::PostProposed.as_str())
}

fn describe_list() -> Operation {
    Operation::new(
        LIST,
        "posts",
        "List proposed posts",
        "The person's own proposals, the newest first, and what became of each. `whose=all` lists everybody's, \
         for those who hold `content_read`; others get 403.",
    )
    .query::<ProposalFilter>()
    .paged()
    .answer::<PostProposalPage>(200, "A page of proposals.", json!({ "items": [example_proposal()] }))
    .errors(&[Code::Forbidden])
    .event(NO_EVENT)
}

fn describe_get() -> Operation {
    Operation::new(
        "post_proposal_get",
        "posts",
        "Read a proposed post",
        "One proposal, as it was sent, and what became of it: one's own, or anybody's for those who hold \
         `content_read`. Other people's are 404. What authors made of it before it is live is read at \
         `/v1/posts/{post_id}`.",
    )
    .answer::<PostProposal>(200, "The proposal.", example_proposal())
    .event(NO_EVENT)
}

fn describe_decline() -> Operation {
    let mut declined = example_proposal();
    set(&mut declined, "state", json!("not_taken"));
    set(&mut declined, "reason", json!("De open dag staat al in een andere post."));
    set(&mut declined, "declined_at", json!("2026-11-21T10:12:00Z"));
    Operation::new(
        DECLINE,
        "posts",
        "Decline a proposed post",
        "An author says that a proposal will not be taken, and why; whoever proposed it is told, and reads the \
         reason. Only while it is `received` or `changes_requested`, else 409 `conflict` with its `state`: of \
         what is under review its reviewers decide, and what was approved is recalled or retired. The draft stays \
         among the posts: once somebody submits it, the proposal is open again.",
    )
    .body::<DeclineCreate>(json!({ "reason": "De open dag staat al in een andere post." }))
    .idempotency_key()
    .answer::<PostProposal>(200, "The proposal, which is not taken.", declined)
    .errors(&[Code::Conflict])
    .event(Event::ProposalDeclined.as_str())
}

fn describe_withdraw() -> Operation {
    let mut withdrawn = example_proposal();
    set(&mut withdrawn, "state", json!("withdrawn"));
    set(&mut withdrawn, "reason", json!("De open dag gaat niet door."));
    set(&mut withdrawn, "withdrawn_at", json!("2026-11-21T10:12:00Z"));
    Operation::new(
        WITHDRAW,
        "posts",
        "Take a proposed post back",
        "Whoever proposed a post takes it back, with a reason or without; it does not count among their open \
         proposals any more. Only while it is `received` or `changes_requested`, else 409 `conflict` with its \
         `state`. Other people's are 404. The draft stays among the posts, and its other authors are told: once somebody \
         submits it, the proposal is open again.",
    )
    .body::<WithdrawalCreate>(json!({ "reason": "De open dag gaat niet door." }))
    .idempotency_key()
    .answer::<PostProposal>(200, "The proposal, which is withdrawn.", withdrawn)
    .errors(&[Code::Conflict])
    .event(Event::ProposalWithdrawn.as_str())
}

fn example_proposal() -> Value {
    json!({
        "id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fd4",
        "post_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f01",
        "person_id": "019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7fa2",
        "title": "Open dag in de haven",
        "language": "nl",
        "text": "Zaterdag laten we de nieuwe installatie zien. Loop gerust binnen!",
        "channels": ["linkedin", "x"],
        "link": { "url": "https://www.noordzee-energie.example/open-dag" },
        "state": "received",
        "words_changed": false,
        "note": "Veel collega's delen dit graag; foto's heb ik ook.",
        "created_at": "2026-11-20T14:41:55.018Z",
    })
}
