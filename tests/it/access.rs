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
}
