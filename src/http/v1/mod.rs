//! The endpoints: request and response types, and handlers of about ten lines, a file for each resource.

mod acceptances;
mod accounts;
mod answers;
mod api_keys;
mod campaigns;
mod channels;
mod checks;
mod decision_batches;
mod decisions;
mod delegations;
mod disclaimers;
mod feed;
mod findings;
mod freezes;
mod groups;
mod guidelines;
mod hashtags;
mod health;
mod holders;
mod images;
mod items;
mod kits;
mod library;
mod mastodon;
mod me;
mod media;
mod my_obligations;
mod notifications;
mod obligation_reports;
mod people;
mod places;
mod pools;
pub mod post_imports;
mod post_proposals;
mod posts;
mod profile_texts;
mod readiness;
mod rechecks;
mod responsibilities;
mod review_comments;
mod review_suggestions;
mod reviews;
mod rules;
mod secret;
mod sessions;
mod shares;
mod sharing;
mod stuck;
mod text_measurements;
mod topics;
mod training_completions;
mod trainings;
mod urgent_publications;
mod uses;
mod workflows;

use super::table::Route;

/// Every route, resource by resource.
pub fn routes() -> Vec<Route> {
    [
        health::routes(),
        channels::routes(),
        text_measurements::routes(),
        posts::routes(),
        post_imports::routes(),
        post_proposals::routes(),
        hashtags::routes(),
        images::routes(),
        media::routes(),
        disclaimers::routes(),
        uses::routes(),
        guidelines::routes(),
        acceptances::routes(),
        obligation_reports::routes(),
        trainings::routes(),
        training_completions::routes(),
        rules::routes(),
        findings::routes(),
        rechecks::routes(),
        checks::routes(),
        reviews::routes(),
        review_comments::routes(),
        review_suggestions::routes(),
        decisions::routes(),
        decision_batches::routes(),
        urgent_publications::routes(),
        delegations::routes(),
        workflows::routes(),
        campaigns::routes(),
        topics::routes(),
        freezes::routes(),
        readiness::routes(),
        sessions::routes(),
        feed::routes(),
        library::routes(),
        kits::routes(),
        shares::routes(),
        people::routes(),
        groups::routes(),
        responsibilities::routes(),
        accounts::routes(),
        me::routes(),
        my_obligations::routes(),
        profile_texts::routes(),
        notifications::routes(),
        api_keys::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
