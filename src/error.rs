//! One error for the whole program, and one table of what a client may see of it.
//!
//! Every layer answers [`Error`]. Its [`Code`] is the stable slug that clients act on; [`Code::status`]
//! and [`Code::title`] are the only place where a code meets an HTTP status. What a client may read
//! (`detail`, `errors`, `extra`) is kept apart from the cause inside (`source`), which goes to the log
//! only and has no way into an answer.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

/// Result with the program's one error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Declares each code with its slug, status and title, in one table.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $slug:literal, $status:literal, $title:literal;)*) => {
        /// What went wrong, as a stable code that clients can act on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* #[doc = $title] $name,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The slug that stands in `code` and ends the problem's `type`.
            pub const fn slug(self) -> &'static str {
                match self { $(Code::$name => $slug),* }
            }

            /// The HTTP status that carries this code.
            pub const fn status(self) -> u16 {
                match self { $(Code::$name => $status),* }
            }

            /// The problem's title: the same for each occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$name => $title),* }
            }
        }
    };
}

codes! {
    // The request itself
    InvalidRequest = "invalid_request", 400, "The request is not well formed";
    PurposeRequired = "purpose_required", 400, "Reading audit data names its purpose";
    PersonHeader = "person_header", 400, "The header Greenlight-Person is missing or not expected here";
    IdempotencyKeyRequired = "idempotency_key_required", 400, "This request needs an Idempotency-Key";
    Unauthenticated = "unauthenticated", 401, "Credentials are missing or not valid";
    Forbidden = "forbidden", 403, "These credentials may not do this";
    AddressExpired = "address_expired", 403, "This address has ended";
    NotAParticipant = "not_a_participant", 403, "Only authors and reviewers of the revision take part in its review";
    NotResponsible = "not_responsible", 403, "Only who holds the responsibility may do this";
    NotAnAuthor = "not_an_author", 403, "Only an author of these words may do this";
    PersonRequired = "person_required", 403, "This must be done by or for a person";
    NotFound = "not_found", 404, "There is nothing here for you";
    PostNotFound = "post_not_found", 404, "There is no such post for this person";
    ImageNotFound = "image_not_found", 404, "There is no such image for this person";
    PersonNotFound = "person_not_found", 404, "There is no such active person";
    MethodNotAllowed = "method_not_allowed", 405, "This address does not take this method";
    NotAcceptable = "not_acceptable", 406, "None of the asked representations exists";
    RequestTimeout = "request_timeout", 408, "The request took too long to arrive";
    RangeNotSatisfiable = "range_not_satisfiable", 416, "The range holds nothing of this";
    PayloadTooLarge = "payload_too_large", 413, "The request body is too large";
    UriTooLong = "uri_too_long", 414, "The address is too long";
    UnsupportedMediaType = "unsupported_media_type", 415, "This media type is not taken here";
    ExpectationFailed = "expectation_failed", 417, "The expectation cannot be met";
    PreconditionFailed = "precondition_failed", 412, "The resource has changed since it was read";
    PreconditionRequired = "precondition_required", 428, "This request needs If-Match";
    TooManyRequests = "too_many_requests", 429, "Too many requests";
    HeadersTooLarge = "headers_too_large", 431, "The request headers are too large";

    // Content and review
    RevisionChanged = "revision_changed", 409, "The revision or its digest is not the present one";
    ReviewOpen = "review_open", 409, "This item has an open review";
    NotInReview = "not_in_review", 409, "This revision has no open review";
    NothingToSubmit = "nothing_to_submit", 409, "There is no draft to submit";
    Rechecked = "rechecked", 409, "What it rests on was rechecked since it was submitted";
    WordsStopped = "words_stopped", 409, "These words were stopped before";
    AlreadyDecided = "already_decided", 409, "This person has decided already";
    StageClosed = "stage_closed", 409, "The stage is closed";
    AuthorCannotDecide = "author_cannot_decide", 409, "Authors do not decide on their own words";
    PublisherCannotDecide = "publisher_cannot_decide", 409, "Who published without a review does not review it";
    NeededLater = "needed_later", 409, "A later stage needs this person";
    AuthorCannotSuggest = "author_cannot_suggest", 409, "Authors edit their own words";
    NotAReviewer = "not_a_reviewer", 409, "This person is not in the reviewers of the open stage";
    NoWorkflow = "no_workflow", 409, "No workflow matches this item";
    WorkflowTie = "workflow_tie", 409, "Two workflows claim the same content";
    NotEnoughReviewers = "not_enough_reviewers", 409, "No assignment of distinct reviewers fills every stage";
    NotApproved = "not_approved", 409, "Nothing of this item was approved";
    Conflict = "conflict", 409, "The request does not fit the present state";
    TooManyProposals = "too_many_proposals", 409, "This person has too many open proposals";
    AlreadyExists = "already_exists", 409, "This already exists";
    LastAdministrator = "last_administrator", 409, "The last active administrator must stay";

    // Sharing
    NotLive = "not_live", 409, "The post or image is not live";
    Blocked = "blocked", 409, "It is blocked by something it relies on, or by a rule";
    Frozen = "frozen", 409, "Sharing is frozen";
    ObligationsOpen = "obligations_open", 409, "Obligations are open";
    LimitReached = "limit_reached", 409, "A limit is reached";
    OutcomeConflict = "outcome_conflict", 409, "This outcome does not follow from the share's state";
    Recalled = "recalled", 410, "The post or image was recalled";
    TooLong = "too_long", 422, "The text does not fit the channel";
    RuleViolated = "rule_violated", 422, "The text breaks a rule";
    ChannelCannotCarryDisclaimer = "channel_cannot_carry_disclaimer", 422, "The channel cannot carry a required disclaimer";

    // Meaning of a well-formed body
    InvalidContent = "invalid_content", 422, "The content is not valid";
    UnusablePicture = "unusable_picture", 422, "The file is not taken as a picture";
    UnknownImage = "unknown_image", 422, "There is no such image";
    IdempotencyKeyReused = "idempotency_key_reused", 422, "The Idempotency-Key was used for another request";

    // The server
    Internal = "internal", 500, "Something went wrong here";
    Unavailable = "unavailable", 503, "The service is not available right now";
    Stale = "stale", 503, "This node cannot confirm what is live";
    NotReady = "not_ready", 503, "This node is not ready";
}

/// One fault of the request, at the place where it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// Where: `pointer` (RFC 6901 as a fragment, `#/content/title`), `parameter` or `header`.
    #[serde(flatten)]
    pub at: At,
    /// A stable slug: what is wrong.
    pub code: &'static str,
    /// The same for a person to read.
    pub detail: String,
    /// What an app can compute with, such as `excess`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The place of a [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// A JSON pointer into the body, as a URI fragment.
    Pointer(String),
    /// A query or path parameter.
    Parameter(String),
    /// A request header.
    Header(String),
}

impl Fault {
    /// A fault at a JSON pointer of the body; `pointer` without the leading `#`.
    pub fn body(pointer: impl fmt::Display, code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(At::Pointer(format!("#{pointer}")), code, detail)
    }

    /// A fault of a query or path parameter.
    pub fn parameter(name: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(At::Parameter(name.into()), code, detail)
    }

    /// A fault of a request header.
    pub fn header(name: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(At::Header(name.into()), code, detail)
    }

    fn new(at: At, code: &'static str, detail: impl Into<String>) -> Self {
        Self { at, code, detail: detail.into(), extra: Map::new() }
    }

    /// The same fault with one more member.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }
}

/// What went wrong: a [`Code`], what the client may read of it, and the cause for the log.
#[derive(Debug)]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// One or two sentences for the client: what happened, and what to do.
    pub detail: String,
    /// Each fault of the request with its place.
    pub errors: Vec<Fault>,
    /// Further members of the problem document, such as the present digest.
    pub extra: Map<String, Value>,
    /// Seconds after which another try makes sense.
    pub retry_after: Option<u32>,
    /// The cause inside; it is logged and never shown.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with a code and a sentence for the client.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            extra: Map::new(),
            retry_after: None,
            source: None,
        }
    }

    /// Something that must not happen: the cause is logged, the client reads nothing of it.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut error =
            Self::new(Code::Internal, "The request could not be finished; the log has the cause.");
        error.source = Some(source.into());
        error
    }

    /// The service cannot answer right now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, detail).retry_after(1)
    }

    /// There is nothing here, or nothing that this caller may know of.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}, or it is not for you."))
    }

    /// A well-formed body whose content has these faults.
    pub fn invalid_content(errors: Vec<Fault>) -> Self {
        Self::new(Code::InvalidContent, "The content has faults; each is listed in errors.").faults(errors)
    }

    /// The same error with its faults.
    pub fn faults(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }

    /// The same error with one fault more.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.errors.push(fault);
        self
    }

    /// The same error with one more member of the problem document.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// The same error with a hint when to try again.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.slug(), self.detail)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_unique_and_statuses_are_errors() {
        let mut slugs: Vec<_> = Code::ALL.iter().map(|code| code.slug()).collect();
        slugs.sort_unstable();
        let all = slugs.len();
        slugs.dedup();
        assert_eq!(slugs.len(), all);
        assert!(Code::ALL.iter().all(|code| (400..=503).contains(&code.status())));
    }
}
