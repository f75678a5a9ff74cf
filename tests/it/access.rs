//! Acting for somebody: API keys on behalf of a person.

use greenlight::domain::roles::Scope;

use crate::support::both;

both! {
    fn a_key_shares_on_behalf_of_a_person(app) {
        let post = app.live_post();
        let employee = app.employee();
        let key = app.key([Scope::OnBehalf, Scope::Share]);
        let share = || key.post("/v1/shares").json(&post.share()).idempotency_key("one");
        share().send().problem("person_header");
        share().on_behalf_of("").send().problem("person_header");
        share().on_behalf_of("nobody-we-know").send().problem("person_not_found");
        // A right of the key alone is not enough: the author has no right to share.
        share().on_behalf_of(&app.author().id()).send().problem("forbidden");
        let made = share().on_behalf_of(&employee.id().to_uppercase()).send().expect(201);
        let mine = employee.get("/v1/me/shares").send().expect(200);
        assert_eq!(mine.list("/items")[0]["id"], made["id"]);
    }

    fn a_key_reads_the_queue_of_whom_it_acts_for(app) {
        let post = app.submitted_post(|_| ());
        let (reviewer, author) = (app.reviewer().id(), app.author().id());
        let key = app.key([Scope::OnBehalf, Scope::ContentRead, Scope::Review]);
        let queue = |person: &str| key.get("/v1/reviews?mine=true").on_behalf_of(person).send();
        assert_eq!(queue(&reviewer).expect(200).list("/items")[0]["item_id"], post.id);
        assert!(queue(&author).expect(200).list("/items").is_empty());
        // Without a person the key reads all reviews, and none is its own.
        assert_eq!(key.get("/v1/reviews").send().expect(200).list("/items").len(), 1);
        key.get("/v1/reviews?mine=true").send().problem("person_required");
        app.key([Scope::ContentRead]).get("/v1/reviews").on_behalf_of(&reviewer).send().problem("person_required");
    }
}
