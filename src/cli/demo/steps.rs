//! The steps of the main job, in order. Each asks over HTTP, checks the answer, and tells of it.

mod campaign;
mod content;
mod picture;
mod policy;
mod sharing;
mod workflow;

use std::collections::HashMap;
use std::net::SocketAddr;

use serde_json::{Value, json};
use ureq::http::Method;

use super::client::{Client, Extra, Reply, at, text_at};
use super::organisation::{PASSWORD, email};
use crate::cli::failure::Failure;

/// A step: what it did and saw, in a line or two.
pub(super) type Step = fn(&mut Story) -> Result<String, Failure>;

/// Every step with who does what.
pub(super) const STEPS: &[(&str, Step)] = &[
    ("Sanne (author) signs in", content::author_signs_in),
    ("Sanne uploads a photograph as it came from a camera", picture::author_uploads),
    ("Sanne says what it shows, and what it may be used for", picture::author_describes),
    ("Sanne submits the picture, and Pieter (reviewer) approves it", picture::picture_is_approved),
    ("Sanne names a campaign that nobody has registered", campaign::unknown_campaign),
    (
        "Claire (publisher) registers it: one share a day for each person; and what posts can be about",
        campaign::publisher_registers,
    ),
    ("Sanne drafts a post with it, in two languages for two channels", content::author_drafts),
    ("Ingrid (reviewer, and here an author too) improves a sentence", content::second_author_edits),
    ("Sanne submits the draft as she remembers it", content::author_submits_an_old_draft),
    ("Sanne reads what it is now and submits exactly that", content::author_submits),
    ("Joris (employee) does not see it: nobody has approved it", sharing::feed_is_without_it),
    ("Ingrid tries to approve words that are partly her own", content::author_tries_to_approve),
    ("Pieter looks at what waits for him", content::reviewer_reads_the_queue),
    ("Pieter approves that revision, by its digest", content::reviewer_approves),
    ("Joris sees it in his feed", sharing::feed_has_it),
    (
        "Sanne writes how employees share, in Dutch and English, and Pieter approves it",
        policy::author_writes_the_guideline,
    ),
    ("Joris looks how his post would be, and has not accepted that yet", policy::employee_has_not_accepted),
    ("Joris reads it in his language, and accepts it", policy::employee_accepts),
    ("Fatima (employee), who has not, shares nothing", policy::other_employee_has_not),
    (
        "Claire enters an official account, and Joris looks up whether one that writes to him is ours",
        policy::publisher_enters_an_account,
    ),
    ("Joris tries an introduction with a link in it", sharing::kit_refuses_a_link),
    (
        "Joris names a project that is still secret, one letter from another script",
        sharing::kit_finds_a_secret,
    ),
    ("Joris looks at how it would be posted, with words of his own", sharing::kit_previews),
    ("Joris shares it on X; this is the text to post, disclaimers included", sharing::employee_shares),
    ("His phone lost the answer and sends the request again", sharing::employee_retries),
    ("Joris says that it is posted", sharing::employee_confirms),
    ("Joris wants to share it on LinkedIn as well, on the same day", campaign::limit_is_reached),
    ("Ruben (auditor) asks who shared, without saying why", sharing::auditor_without_purpose),
    ("Ruben says why, and reads it", sharing::auditor_reads),
    ("Joris finds the picture in the library and shares it by itself", picture::employee_shares_the_picture),
    (
        "Who made the picture withdraws it: Claire (publisher) takes it away for good",
        picture::publisher_redacts,
    ),
    ("Joris wants to share the post once more", sharing::share_of_what_is_blocked),
    ("Claire recalls the post, whose words are wrong too", sharing::publisher_recalls),
    ("Joris tries again", sharing::share_after_the_recall),
    ("The request from before the recall still gets its share", sharing::retry_after_the_recall),
    ("It is out of the feed", sharing::feed_is_without_it),
    (
        "Eva (administrator) has news about figures reviewed by the editors, then by the lawyers",
        workflow::administrator_saves,
    ),
    ("Sanne submits a post about figures, and Ingrid approves it for the editors", workflow::editors_approve),
    ("Nadia (lawyer) goes on leave: Pieter is her deputy for two weeks", workflow::lawyer_delegates),
    ("Pieter finds her work in his queue, and decides for her", workflow::deputy_decides),
    (
        "A storm, and a picture of it that is wrong goes round: Claire publishes before any review",
        workflow::publisher_publishes_urgently,
    ),
    ("Joris has it in his feed at once, marked", workflow::feed_has_it_marked),
    (
        "Claire may not review what she published herself; Pieter does, and it stands",
        workflow::reviewed_after,
    ),
];

/// What the steps share.
pub(super) struct Story {
    /// The way to the server.
    pub(super) api: Client,
    tokens: HashMap<&'static str, String>,
    /// The image as it was uploaded.
    picture: Value,
    image: String,
    picture_digest: String,
    picture_url: String,
    post: String,
    draft_digest: String,
    digest: String,
    share: Value,
    share_request: Value,
    share_key: String,
    guideline: Submitted,
    figures: Submitted,
    warning: Submitted,
}

/// An item as a decision names its revision.
#[derive(Default)]
struct Submitted {
    id: String,
    digest: String,
}

const EVA: &str = "Eva Brouwer";
const NADIA: &str = "Nadia Haddad";
const SANNE: &str = "Sanne de Wit";
const INGRID: &str = "Ingrid Hofman";
const PIETER: &str = "Pieter van Dam";
const JORIS: &str = "Joris Bakker";
const FATIMA: &str = "Fatima El Amrani";
const RUBEN: &str = "Ruben Visser";
const CLAIRE: &str = "Claire Lambert";

impl Story {
    /// A story that begins at the server of this address.
    pub(super) fn new(address: SocketAddr) -> Self {
        Self {
            api: Client::new(address),
            tokens: HashMap::new(),
            picture: Value::Null,
            image: String::new(),
            picture_digest: String::new(),
            picture_url: String::new(),
            post: String::new(),
            draft_digest: String::new(),
            digest: String::new(),
            share: Value::Null,
            share_request: Value::Null,
            share_key: uuid::Uuid::now_v7().to_string(),
            guideline: Submitted::default(),
            figures: Submitted::default(),
            warning: Submitted::default(),
        }
    }

    /// Signs a person in, once.
    fn sign_in(&mut self, name: &'static str) -> Result<String, Failure> {
        if let Some(token) = self.tokens.get(name) {
            return Ok(token.clone());
        }
        let body = json!({ "email": email(name), "password": PASSWORD });
        let reply = self.api.send(Method::POST, "/v1/sessions", &Extra::default(), Some(&body))?;
        let token = text_at(&reply.expect(201)?, "/access_token")?;
        self.tokens.insert(name, token.clone());
        Ok(token)
    }

    fn get(&mut self, name: &'static str, path: &str) -> Result<Reply, Failure> {
        self.get_with(name, path, &[])
    }

    fn get_with(
        &mut self,
        name: &'static str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Reply, Failure> {
        let token = self.sign_in(name)?;
        self.api.send(Method::GET, path, &Extra { token: Some(&token), headers }, None)
    }

    fn post(&mut self, name: &'static str, path: &str, body: &Value) -> Result<Reply, Failure> {
        self.post_with(name, path, &[], body)
    }

    fn post_with(
        &mut self,
        name: &'static str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Reply, Failure> {
        let token = self.sign_in(name)?;
        self.api.send(Method::POST, path, &Extra { token: Some(&token), headers }, Some(body))
    }
}

/// Refuses an answer of which something that must be so is not.
fn ensure(holds: bool, what: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure::new(format!("expected {what}"))) }
}

/// A text as it would be posted, marked at its left.
fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("| {line}")).collect::<Vec<_>>().join("\n")
}

/// How many members the list at a pointer has.
fn count_at(body: &Value, pointer: &str) -> Result<usize, Failure> {
    Ok(at(body, pointer)?.as_array().map_or(0, Vec::len))
}
