#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Time {
    Time::from_micros(seconds * 1_000_000)
}

fn approved(revision: i64, submitted_idx: i64) -> Approved {
    Approved {
        revision,
        submitted_idx,
        approved_idx: submitted_idx,
        approved_at: at(submitted_idx),
        urgent: None,
        publish_at: None,
        expires_at: None,
        redacted: None,
        pins: Vec::new(),
    }
}

/// Every state with editing and submitting, as the table in the module's documentation says.
#[test]
fn every_state_with_every_action() {
    use RevisionState::*;
    let table = [
        (Draft, Edit::ChangesDraft, Submission::FreezesDraft, Submission::FreezesDraft),
        (InReview, Edit::OpensNextAndWithdraws, Submission::RefusedInReview, Submission::RefusedInReview),
        (Approved, Edit::OpensNextAfresh, Submission::RefusedNothingNew, Submission::RepeatsAsNext),
        (ChangesRequested, Edit::OpensNext, Submission::RepeatsAsNext, Submission::RepeatsAsNext),
        (Rejected, Edit::OpensNext, Submission::RefusedNothingNew, Submission::RefusedNothingNew),
        (Withdrawn, Edit::OpensNext, Submission::RepeatsAsNext, Submission::RepeatsAsNext),
        (Lapsed, Edit::OpensNext, Submission::RepeatsAsNext, Submission::RepeatsAsNext),
    ];
    assert_eq!(table.map(|row| row.0), RevisionState::ALL);
    for (state, on_edit, on_submit, on_submit_when_ended) in table {
        assert_eq!(edit(state), on_edit, "{state}");
        assert_eq!(submission(state, false), on_submit, "{state}");
        assert_eq!(submission(state, true), on_submit_when_ended, "{state}");
    }
}

#[test]
fn r07_the_approved_revision_stays_until_the_next_ones_time_has_come() {
    let next = Approved { publish_at: Some(at(100)), ..approved(2, 20) };
    let history = History { approved: vec![approved(1, 10), next], ..History::default() };
    assert_eq!(history.present(at(99)).unwrap().revision, 1);
    assert!(!is_superseded(&history, 1, at(99)));
    assert_eq!(history.present(at(100)).unwrap().revision, 2);
    assert!(is_superseded(&history, 1, at(100)));
    // Also when neither time has come: the older one will be live first.
    let soon = Approved { publish_at: Some(at(50)), ..approved(1, 10) };
    let both = History { approved: vec![soon, history.approved[1].clone()], ..History::default() };
    assert!(!is_superseded(&both, 1, at(40)) && !is_superseded(&both, 1, at(60)));
    assert!(is_superseded(&both, 1, at(100)));
    assert_eq!(history.live_since(at(100)), Some(at(10)));
}

#[test]
fn r07_only_a_revision_submitted_after_the_recall_makes_it_live_again() {
    let recall = Ending { ending: EndingKind::Recall, idx: 15, at: at(15) };
    let mut history =
        History { approved: vec![approved(1, 10)], endings: vec![recall], ..History::default() };
    assert_eq!(history.availability(at(20), false), Availability::Recalled);
    history.approved.push(approved(2, 14));
    assert_eq!(history.availability(at(20), false), Availability::Recalled);
    history.approved.push(approved(3, 16));
    assert_eq!(history.availability(at(20), false), Availability::Live);
    assert_eq!(history.live_since(at(20)), Some(at(16)));
}

#[test]
fn the_later_availability_wins() {
    let window = Approved { publish_at: Some(at(50)), expires_at: Some(at(60)), ..approved(1, 10) };
    let mut history = History { approved: vec![window], ..History::default() };
    assert_eq!(history.availability(at(49), false), Availability::Scheduled);
    assert_eq!(history.availability(at(49), true), Availability::Blocked);
    assert_eq!(history.availability(at(50), false), Availability::Live);
    assert_eq!(history.availability(at(50), true), Availability::Blocked);
    assert_eq!(history.availability(at(60), true), Availability::Expired);
    history.endings.push(Ending { ending: EndingKind::Retirement, idx: 11, at: at(11) });
    assert_eq!(history.availability(at(60), true), Availability::Retired);
    history.endings.push(Ending { ending: EndingKind::Recall, idx: 12, at: at(12) });
    assert_eq!(history.availability(at(60), true), Availability::Recalled);
    assert_eq!(History::default().availability(at(0), false), Availability::Unapproved);
}

#[test]
fn r12_a_pin_blocks_when_expired_or_recalled_and_not_when_superseded_or_retired() {
    let item = ItemId::generate();
    let expiring = Approved { expires_at: Some(at(60)), ..approved(1, 10) };
    let mut history = History { approved: vec![expiring, approved(2, 20)], ..History::default() };
    assert_eq!(history.blocks(item, 1, at(59)), None);
    assert_eq!(history.blocks(item, 1, at(60)).unwrap().code, "pin_expired");
    history.endings.push(Ending { ending: EndingKind::Retirement, idx: 30, at: at(30) });
    assert_eq!(history.blocks(item, 1, at(59)), None);
    history.endings.push(Ending { ending: EndingKind::Recall, idx: 31, at: at(31) });
    let blocker = history.blocks(item, 1, at(59)).unwrap();
    assert_eq!((blocker.code, blocker.since), ("pin_recalled", at(31)));
}

#[test]
fn c16_what_no_review_approved_in_time_blocks_only_the_revision_that_decides() {
    let urgent = Urgent { review_by: at(100), outcome: None };
    let published = Approved { urgent: Some(urgent), publish_at: Some(at(50)), ..approved(2, 20) };
    let mut history = History { approved: vec![approved(1, 10), published], ..History::default() };
    assert_eq!((history.next_change(at(20)), history.next_change(at(50))), (Some(at(50)), Some(at(100))));
    assert_eq!(history.next_change(at(100)), None);
    assert_eq!((history.unreviewed(at(49)), history.unreviewed(at(99))), (None, None));
    let blocker = Blocker { code: "urgent_unreviewed", item: None, since: at(100) };
    assert_eq!(history.unreviewed(at(100)), Some(blocker));
    // Its time has not come, so the one before it decides.
    history.approved[1].publish_at = Some(at(200));
    assert_eq!(history.unreviewed(at(199)), None);
    assert_eq!(history.unreviewed(at(200)).unwrap().since, at(100));
}

fn histories() -> impl Strategy<Value = History> {
    let windows = prop::collection::vec((prop::option::of(0..60_i64), prop::option::of(0..60_i64)), 0..4);
    let ending = (prop::bool::ANY, 0..40_i64);
    (windows, prop::collection::vec(ending, 0..2)).prop_map(|(windows, mut endings)| {
        let revision = |(number, (publish_at, expires_at)): (i64, (Option<i64>, Option<i64>))| Approved {
            publish_at: publish_at.map(at),
            expires_at: expires_at.map(at),
            ..approved(number, number * 10)
        };
        endings.sort_unstable_by_key(|(_, idx)| *idx);
        let ending = |(is_recall, idx): (bool, i64)| Ending {
            ending: if is_recall { EndingKind::Recall } else { EndingKind::Retirement },
            idx,
            at: at(idx),
        };
        History {
            approved: (1..).zip(windows).map(revision).collect(),
            endings: endings.into_iter().map(ending).collect(),
            rechecks: Vec::new(),
        }
    })
}

proptest! {
    /// From the last approval on, as before it nobody knows of it.
    #[test]
    fn terms_say_of_all_moments_what_availability_says_of_each(history in histories(), seconds in 40..70_i64) {
        let now = at(seconds);
        let live = history.present(now).filter(|_| history.availability(now, false) == Availability::Live);
        let holds = |term: &Term| term.from <= now && term.until.is_none_or(|until| now < until);
        let in_force: Vec<i64> =
            history.terms().filter(|(_, term)| holds(term)).map(|(approved, _)| approved.revision).collect();
        prop_assert_eq!(in_force, Vec::from_iter(live.map(|approved| approved.revision)));
    }
}
