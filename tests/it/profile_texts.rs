//! Lines for one's profiles that say where one works.

use greenlight::domain::disclaimers::Organisation;
use greenlight::domain::roles::{Role, Scope};
use serde_json::{Value, json};

use crate::support::{Client, TestApp, both};

const PATH: &str = "/v1/me/profile-texts";

fn noordzee() -> Organisation {
    Organisation { name: "Noordzee".to_owned(), hashtag: "Noordzee".to_owned(), ..Organisation::default() }
}

/// A person who reads this language.
fn reader(app: &TestApp, name: &str, language: Option<&str>) -> Client {
    app.person_with(name, &[Role::Employee], |person| person.language = language.map(str::to_owned))
}

/// The employee disclaimer as it is live.
fn disclaimer(app: &TestApp) -> Value {
    let list = app.author().get("/v1/disclaimers").send().expect(200);
    list.list("/items").iter().find(|item| item["key"] == "employee").unwrap().clone()
}

/// The line for a channel, and its language.
fn line(who: &Client, query: &str, channel: &str) -> (String, String) {
    let found = who.get(&format!("{PATH}{query}")).send().expect(200);
    let item = found.list("/items").iter().find(|item| item["channel"] == channel).unwrap().clone();
    (item["text"].as_str().unwrap().to_owned(), item["language"].as_str().unwrap().to_owned())
}

both! {
    fn an_employee_reads_a_line_for_each_profile_in_their_language(app) {
        let node = app.serving_for(noordzee());
        let fleming = reader(app, "fleming", Some("nl-BE")).at_node(&node);
        let found = fleming.get(PATH).send().expect(200);
        let disclaimer = disclaimer(app);
        let expected = json!({
            "channel": "linkedin",
            "name": "LinkedIn personal post",
            "text": "Voor de duidelijkheid: ik werk bij Noordzee.",
            "language": "nl",
            "form": "full",
            "bio_limit": 220,
            "disclaimer": {
                "key": "employee",
                "revision": 1,
                "digest": disclaimer["working_revision"]["digest"],
            },
            "replaces_disclosure": false,
        });
        assert_eq!(found["items"][0], expected);
        assert_eq!((&found["reason"], &found["too_long"]), (&Value::Null, &Value::Null));
        let without_limit = found.list("/items").iter().find(|item| item["channel"] == "xing").unwrap();
        assert_eq!(without_limit["text"], "Ik werk bij Noordzee.");
        assert_eq!((&without_limit["form"], &without_limit["bio_limit"]), (&json!("short"), &Value::Null));
        let channels: Vec<&str> =
            found.list("/items").iter().map(|item| item["channel"].as_str().unwrap()).collect();
        for none in ["email", "teams", "slack", "whatsapp", "instagram_story"] {
            assert!(!channels.contains(&none), "{none}");
        }
        assert!(found.list("/items").iter().all(|item| item["replaces_disclosure"] == false));
        let entries = app.record_entries().len();
        fleming.get(PATH).send().expect(200);
        assert_eq!(app.record_entries().len(), entries, "reading is no entry");
    }

    fn the_language_asked_for_comes_first_then_ones_own_then_english(app) {
        let node = app.serving_for(noordzee());
        let dutch = reader(app, "dutch", Some("nl")).at_node(&node);
        let english = ("For transparency: I work at Noordzee.".to_owned(), "en".to_owned());
        let french = "En toute transparence : je travaille chez Noordzee.";
        assert_eq!(line(&dutch, "?language=fr-CA", "x"), (french.to_owned(), "fr".to_owned()));
        let own = ("Voor de duidelijkheid: ik werk bij Noordzee.".to_owned(), "nl".to_owned());
        assert_eq!(line(&dutch, "?language=ja", "x"), own);
        assert_eq!(line(&dutch, "?language=en-GB", "x"), english);
        let pole = reader(app, "other-pole", Some("pl")).at_node(&node);
        assert_eq!(line(&pole, "?language=ja", "x"), english);
        assert_eq!(line(&reader(app, "pole", Some("pl")).at_node(&node), "", "x"), english);
        assert_eq!(line(&reader(app, "nobody", None).at_node(&node), "", "x"), english);
        dutch.get(&format!("{PATH}?language=n_l")).send().problem("invalid_request");
        dutch.get(&format!("{PATH}?channel=x")).send().problem("invalid_request");
    }

    fn a_long_name_leaves_a_shorter_form(app) {
        let name = "N".repeat(58);
        let node = app.serving_for(Organisation { name: name.clone(), ..noordzee() });
        let dutch = reader(app, "dutch", Some("nl")).at_node(&node);
        assert_eq!(line(&dutch, "", "telegram").0, "#Noordzeemedewerker");
        assert_eq!(line(&dutch, "", "x").0, format!("Voor de duidelijkheid: ik werk bij {name}."));
    }

    fn why_there_are_no_lines_is_told(app) {
        let reason = |who: &Client, query: &str| {
            let found = who.get(&format!("{PATH}{query}")).send().expect(200);
            assert_eq!(found["items"], json!([]));
            found.text("/reason").to_owned()
        };
        let employee = app.employee();
        assert_eq!(reason(&employee, ""), "organisation_not_named", "nobody works at Example Company");
        let node = app.serving_for(noordzee());
        let named = employee.at_node(&node);
        assert_eq!(named.get(PATH).send().expect(200)["reason"], Value::Null);
        let recall = format!("/v1/disclaimers/{}/recall", disclaimer(app)["id"].as_str().unwrap());
        app.publisher().post(&recall).json(&json!({ "reason": "wrong" })).send().expect(200);
        assert_eq!(reason(&named, ""), "no_live_disclaimer");
    }

    fn one_reads_ones_own_and_a_key_only_for_a_person(app) {
        let node = app.serving_for(noordzee());
        let employee = reader(app, "dutch", Some("nl"));
        let path = PATH;
        app.anonymous().get(path).send().problem("unauthenticated");
        app.key([Scope::Share]).get(path).send().problem("person_required");
        let key = app.key([Scope::Share, Scope::OnBehalf]).at_node(&node);
        let found = key.get(path).on_behalf_of(&employee.id()).send().expect(200);
        assert_eq!(found.text("/items/0/language"), "nl");
    }
}
