//! Proposals: posts that employees write, and that become drafts of the communications team.
//!
//! The address of a proposal is `/v1/suggestions`; everywhere else it has a name of its own, since reviewers
//! suggest changes of words too ([`super::suggestion`]).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::channels::{Channel, ChannelId, Channels};
use super::content::post::{Audience, Link, Personalisation, PostCopy};
use super::content::{Content, Post};
use super::lifecycle::{Availability, RevisionState};
use super::roles::UnknownName;
use crate::error::{At, Fault};

/// The name of the one copy of a proposed post.
const COPY: &str = "proposed";

/// A post that somebody proposes. It is kept as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// What the post is to be called.
    pub title: String,
    /// The language of the text.
    pub language: String,
    /// The text.
    pub text: String,
    /// Where it could be shared; empty = wherever a text alone can be.
    pub channels: Vec<ChannelId>,
    /// What it links to.
    pub link: Option<String>,
    /// What else the authors should know.
    pub note: Option<String>,
}

impl Proposal {
    /// The draft that it becomes: one copy for all its channels, and nothing that authors decide on.
    pub fn draft(&self, channels: &Channels) -> Content {
        let takes_text = |channel: &&Channel| channel.text_field && !channel.image_required;
        let channels = match self.channels.is_empty() {
            true => channels.iter().filter(takes_text).map(|channel| channel.id.clone()).collect(),
            false => self.channels.clone(),
        };
        let copy = PostCopy {
            id: COPY.to_owned(),
            language: self.language.clone(),
            channels: Vec::new(),
            text: self.text.clone(),
        };
        Content::Post(Box::new(Post {
            title: self.title.clone(),
            headline: None,
            copies: vec![copy],
            channels,
            hashtags: Vec::new(),
            images: Vec::new(),
            link: self.link.clone().map(|url| Link { url, utm: None }),
            disclaimers: Vec::new(),
            credit: None,
            audience: Audience::default(),
            publish_at: None,
            expires_at: None,
            personalisation: Personalisation::default(),
            campaign: None,
            topics: Vec::new(),
            tips: None,
        }))
    }

    /// Whether none of a post's copies has the proposed words as they were.
    pub fn are_words_changed(&self, post: &Post) -> bool {
        let is_it = |copy: &PostCopy| copy.language == self.language && copy.text == self.text;
        !post.copies.iter().any(is_it)
    }
}

/// A fault of the draft, at the place of the proposal that it comes from.
pub fn in_proposal(mut fault: Fault) -> Fault {
    /// Where members of a proposal stand in its draft.
    const PLACES: [(&str, &str); 2] = [("#/content/copies/0/", "#/"), ("#/content/", "#/")];
    if let At::Pointer(pointer) = &fault.at {
        let moved = PLACES.iter().find_map(|(draft, own)| Some((own, pointer.strip_prefix(draft)?)));
        if let Some((own, rest)) = moved {
            fault.at = At::Pointer(format!("{own}{rest}"));
        }
    }
    fault
}

/// How a proposal was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Closing {
    /// An author said that it will not be taken.
    Declined,
    /// Whoever made it took it back.
    Withdrawn,
}

impl Closing {
    /// Each way.
    pub const ALL: [Closing; 2] = [Closing::Declined, Closing::Withdrawn];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Closing::Declined => "declined",
            Closing::Withdrawn => "withdrawn",
        }
    }

    /// Whether what the entry at `closed` said still holds, when the post was last submitted at the index
    /// `submitted`: whoever submits it goes on with it, which opens the proposal again.
    pub fn holds(closed: i64, submitted: Option<i64>) -> bool {
        submitted.is_none_or(|submitted| submitted < closed)
    }
}

impl FromStr for Closing {
    type Err = UnknownName;

    fn from_str(text: &str) -> std::result::Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|closing| closing.as_str() == text).ok_or(UnknownName)
    }
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// The authors have it.
    Received,
    /// It is under review.
    InReview,
    /// A reviewer asked for changes.
    ChangesRequested,
    /// It was approved, and is not live yet, or is blocked.
    Approved,
    /// It is live.
    Live,
    /// An author declined it, or a reviewer rejected it.
    NotTaken,
    /// Whoever made it took it back.
    Withdrawn,
    /// It was live, and was recalled or retired or has expired.
    Ended,
}

impl ProposalState {
    /// Every state.
    pub const ALL: [ProposalState; 8] = [
        ProposalState::Received,
        ProposalState::InReview,
        ProposalState::ChangesRequested,
        ProposalState::Approved,
        ProposalState::Live,
        ProposalState::NotTaken,
        ProposalState::Withdrawn,
        ProposalState::Ended,
    ];

    /// The state's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            ProposalState::Received => "received",
            ProposalState::InReview => "in_review",
            ProposalState::ChangesRequested => "changes_requested",
            ProposalState::Approved => "approved",
            ProposalState::Live => "live",
            ProposalState::NotTaken => "not_taken",
            ProposalState::Withdrawn => "withdrawn",
            ProposalState::Ended => "ended",
        }
    }

    /// What became of a proposal whose item is this, whose newest revision is in this state, and which was closed
    /// in this way, if that still holds. What was approved counts before anything else that was said of it.
    pub const fn of(availability: Availability, working: RevisionState, closing: Option<Closing>) -> Self {
        match availability {
            Availability::Live => return ProposalState::Live,
            Availability::Scheduled | Availability::Blocked => return ProposalState::Approved,
            Availability::Expired | Availability::Retired | Availability::Recalled => {
                return ProposalState::Ended;
            }
            Availability::Unapproved => {}
        }
        match closing {
            Some(Closing::Declined) => return ProposalState::NotTaken,
            Some(Closing::Withdrawn) => return ProposalState::Withdrawn,
            None => {}
        }
        match working {
            RevisionState::Draft | RevisionState::Withdrawn | RevisionState::Lapsed => {
                ProposalState::Received
            }
            RevisionState::InReview => ProposalState::InReview,
            RevisionState::ChangesRequested => ProposalState::ChangesRequested,
            RevisionState::Approved => ProposalState::Approved,
            RevisionState::Rejected => ProposalState::NotTaken,
        }
    }
}

/// The states of a newest revision with which a proposal is open, while nothing of it was approved and no closing
/// of it holds: it is not known yet what becomes of it.
pub const OPEN: [RevisionState; 5] = [
    RevisionState::Draft,
    RevisionState::InReview,
    RevisionState::ChangesRequested,
    RevisionState::Withdrawn,
    RevisionState::Lapsed,
];

impl fmt::Display for ProposalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::domain::links::LinkPolicy;

    fn proposal() -> Proposal {
        Proposal {
            title: "Open dag".to_owned(),
            language: "nl".to_owned(),
            text: "Kom kijken bij ons.".to_owned(),
            channels: Vec::new(),
            link: Some("https://example.nl/open-dag".to_owned()),
            note: None,
        }
    }

    fn post(content: &Content) -> Post {
        let Content::Post(post) = content else { panic!("no post") };
        (**post).clone()
    }

    #[test]
    fn a_proposal_becomes_a_draft_that_could_stand_by_itself() {
        let channels = Channels::defaults().unwrap();
        let draft = proposal().draft(&channels);
        assert!(draft.faults(&channels, &LinkPolicy::default()).is_empty());
        let on = post(&draft).channels;
        assert!(on.contains(&"linkedin".into()) && !on.contains(&"instagram_feed".into()));
        let named = Proposal { channels: vec!["x".into()], ..proposal() };
        assert_eq!(post(&named.draft(&channels)).channels, ["x".into()]);
    }

    #[test]
    fn the_faults_of_the_draft_are_told_of_the_proposal() {
        let channels = Channels::defaults().unwrap();
        let odd = Proposal {
            title: String::new(),
            language: "dutch".to_owned(),
            text: String::new(),
            channels: vec!["myspace".into()],
            link: Some("http://example.nl".to_owned()),
            note: None,
        };
        let faults = odd.draft(&channels).faults(&channels, &LinkPolicy::default());
        let mut places: Vec<At> = faults.into_iter().map(|fault| in_proposal(fault).at).collect();
        places.dedup();
        let expected = ["#/title", "#/channels/0", "#/language", "#/text", "#/link/url"];
        assert_eq!(places, expected.map(|pointer| At::Pointer(pointer.to_owned())));
    }

    #[test]
    fn words_are_the_same_wherever_they_stand_and_only_in_their_language() {
        let (channels, proposed) = (Channels::defaults().unwrap(), proposal());
        let mut post = post(&proposed.draft(&channels));
        post.title = "Another title".to_owned();
        let other =
            PostCopy { id: "en".to_owned(), text: "Come and see.".to_owned(), ..post.copies[0].clone() };
        post.copies.insert(0, other);
        assert!(!proposed.are_words_changed(&post));
        post.copies[1].language = "nl-BE".to_owned();
        assert!(proposed.are_words_changed(&post));
    }

    #[test]
    fn a_closing_holds_until_the_post_is_submitted() {
        assert!(Closing::holds(5, None) && Closing::holds(5, Some(4)));
        assert!(!Closing::holds(5, Some(6)));
    }

    #[test]
    fn what_was_approved_counts_before_what_was_said() {
        use RevisionState as S;
        let of = |working| ProposalState::of(Availability::Unapproved, working, None);
        for state in OPEN {
            assert!(!matches!(of(state), ProposalState::NotTaken | ProposalState::Approved));
            let closed = |closing| ProposalState::of(Availability::Unapproved, state, Some(closing));
            assert_eq!(closed(Closing::Declined), ProposalState::NotTaken);
            assert_eq!(closed(Closing::Withdrawn), ProposalState::Withdrawn);
            let live = ProposalState::of(Availability::Live, state, Some(Closing::Declined));
            assert_eq!(live, ProposalState::Live);
        }
        assert_eq!(of(S::Rejected), ProposalState::NotTaken);
        assert_eq!(of(S::Withdrawn), ProposalState::Received);
        for (availability, state) in [
            (Availability::Scheduled, ProposalState::Approved),
            (Availability::Blocked, ProposalState::Approved),
            (Availability::Expired, ProposalState::Ended),
            (Availability::Recalled, ProposalState::Ended),
        ] {
            assert_eq!(ProposalState::of(availability, S::Approved, None), state);
        }
    }
}
