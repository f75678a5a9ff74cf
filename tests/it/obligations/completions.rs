//! Who completed a training: told by whom, of whom, in which form.

use greenlight::domain::roles::{Role, Scope};
use serde_json::{Value, json};

use super::{complete, to_do, training};
use crate::support::{Answer, Client, TestApp, both};

fn file(client: &Client, id: &str, rows: &str) -> Answer {
    client.post(&format!("/v1/trainings/{id}/completions")).body("text/csv", rows).send()
}

fn withdraw(client: &Client, id: &str, person: &str) -> Answer {
    let body = json!({ "person": person, "reason": "The wrong person." });
    client.post(&format!("/v1/trainings/{id}/withdrawals")).json(&body).send()
}

/// A person whose external id is `E-` and their name.
fn known(app: &TestApp, name: &str) -> Client {
    app.person_with(name, &[Role::Employee], |person| person.external_id = Some(format!("E-{name}")))
}

both! {
    fn who_holds_the_responsibility_records_completions_and_nobody_else_does(app) {
        let id = training(app, |_| ());
        let (trainer, deputy) = (app.person("trainer", &[]), app.person("deputy", &[]));
        let employee = app.employee();
        complete(&trainer, &id, &employee.id(), "2026-11-20").problem("not_responsible");
        let group = app.admin().post("/v1/groups").json(&json!({ "name": "Academy" })).send().expect(201);
        let group = group.text("/id").to_owned();
        let body = json!({
            "key": "training", "name": "Training",
            "holders": [{ "group": group }], "deputies": [{ "person": deputy.id() }],
        });
        app.admin().post("/v1/responsibilities").json(&body).send().expect(201);
        let refused = complete(&trainer, &id, &employee.id(), "2026-11-20").problem("not_responsible");
        assert_eq!(refused["responsibility"], "training");
        app.admin().put(&format!("/v1/groups/{group}/members/{}", trainer.id())).send().expect(204);
        let done = complete(&trainer, &id, &employee.id(), "2026-11-20").expect(200);
        assert_eq!((&done["recorded"], &done["refused"]), (&json!(1), &json!(0)));
        complete(&deputy, &id, &employee.id(), "2026-11-19").expect(200);
        for other in [app.publisher(), app.author(), employee.clone(), app.key([Scope::People])] {
            complete(&other, &id, &employee.id(), "2026-11-18").problem("not_responsible");
            withdraw(&other, &id, &employee.id()).problem("not_responsible");
        }
        app.anonymous().post(&format!("/v1/trainings/{id}/completions")).json(&json!({})).send().problem("unauthenticated");
        // Another training names another responsibility.
        let body = json!({ "key": "legal", "name": "Legal", "holders": [{ "person": employee.id() }] });
        app.admin().post("/v1/responsibilities").json(&body).send().expect(201);
        let legal = training(app, |body| body["responsibility"] = json!("legal"));
        complete(&trainer, &legal, &employee.id(), "2026-11-20").problem("not_responsible");
        let own = complete(&employee, &legal, &employee.id(), "2026-11-20").expect(200);
        assert_eq!((&own["recorded"], &own["refusals"][0]["code"]), (&json!(0), &json!("own_completion")));
        assert_eq!(complete(&employee, &legal, &trainer.id(), "2026-11-20").expect(200)["recorded"], 1);
    }

    fn a_learning_system_records_with_its_own_scope(app) {
        let id = training(app, |_| ());
        let (lms, lena) = (app.key([Scope::Completions]), known(app, "lena"));
        complete(&lms, &id, "E-lena", "2026-11-20").expect(200);
        assert_eq!(to_do(&lena), []);
        let entry = app.record_entries().pop().unwrap();
        assert_eq!(entry.typ, "training.completed");
        assert!(entry.fields.contains(&id) && entry.fields.contains("2026-11-20"), "{}", entry.fields);
        assert!(!entry.fields.contains(&lena.id()), "who it is stands sealed");
        let sealed: Vec<String> = app.record_personal(entry.idx).into_iter().map(|(field, ..)| field).collect();
        assert_eq!(sealed, ["person_id"]);
    }

    fn what_is_known_changes_nothing_and_what_is_wrong_is_refused_alone(app) {
        let id = training(app, |_| ());
        let lms = app.key([Scope::Completions]);
        let (lena, omar) = (known(app, "lena"), known(app, "omar"));
        let row = |person: &str, on: &str| json!({ "person": person, "completed_on": on });
        let body = json!({ "completions": [
            row("E-lena", "2026-11-20"), row("E-nobody", "2026-11-20"), row(&omar.id(), "2026-11-20"),
            row(&lena.id().to_uppercase(), "2026-11-20"), row("E-omar", "2026-11-23"), row("E-omar", "2026-11-19"),
        ] });
        let path = format!("/v1/trainings/{id}/completions");
        let before = app.record_size();
        let done = lms.post(&path).json(&body).send().expect(200);
        let counts = |done: &Answer| [&done["recorded"], &done["known"], &done["refused"]].map(|n| n.as_i64().unwrap());
        assert_eq!(counts(&done), [3, 1, 2]);
        let refusals: Vec<(i64, &str)> = done.list("/refusals").iter()
            .map(|refusal| (refusal["row"].as_i64().unwrap(), refusal["code"].as_str().unwrap())).collect();
        assert_eq!(refusals, [(2, "unknown_person"), (5, "in_the_future")]);
        assert_eq!(app.record_size(), before + 3);
        let again = lms.post(&path).json(&body).send().expect(200);
        assert_eq!((counts(&again), app.record_size()), ([0, 4, 2], before + 3));
        assert_eq!((to_do(&lena), to_do(&omar)), (vec![], vec![]));
    }

    fn a_person_is_named_by_id_external_id_or_address_and_never_as_one_of_two(app) {
        let id = training(app, |_| ());
        let lms = app.key([Scope::Completions]);
        let (lena, omar) = (app.person("lena", &[Role::Employee]), app.person("omar", &[Role::Employee]));
        let address = app.admin().get(&format!("/v1/people/{}", lena.id())).send().expect(200).text("/email").to_owned();
        let outcome = |name: &str, on: &str| {
            let done = complete(&lms, &id, name, on).expect(200);
            done["refusals"][0]["code"].as_str().unwrap_or("recorded").to_owned()
        };
        assert_eq!(outcome(&address.to_uppercase(), "2026-11-20"), "recorded");
        assert_eq!((to_do(&lena).len(), to_do(&omar).len()), (0, 1));
        assert_eq!(outcome("nobody@example.org", "2026-11-20"), "unknown_person");
        app.person_with("twin", &[Role::Employee], |person| person.external_id = Some(address.clone()));
        assert_eq!(outcome(&address, "2026-11-21"), "unknown_person");
        let own = app.admin().get(&format!("/v1/people/{}", omar.id())).send().expect(200);
        let omars = own.text("/email").to_owned();
        let change = json!({ "external_id": omars });
        app.admin().patch(&format!("/v1/people/{}", omar.id())).if_match(&own["version"]).json(&change).send().expect(200);
        assert_eq!(outcome(&omars, "2026-11-20"), "recorded", "both are the same person's");
    }

    fn a_file_is_taken_row_by_row(app) {
        let id = training(app, |_| ());
        let lms = app.key([Scope::Completions]);
        let people: Vec<Client> = (0..3).map(|number| known(app, &format!("p{number}"))).collect();
        let rows = "completed_on,person\r\n2026-11-20,E-p0\r\n2026-02-30,E-p1\r\n\r\n2026-11-20,\"E-p2\"\r\n2026-11-20,\r\n";
        let done = file(&lms, &id, rows).expect(200);
        assert_eq!((&done["recorded"], &done["refused"]), (&json!(2), &json!(2)));
        let refusals: Vec<(&Value, &Value, &Value)> =
            done.list("/refusals").iter().map(|it| (&it["row"], &it["line"], &it["code"])).collect();
        let (not_a_day, unknown) = (json!("not_a_day"), json!("unknown_person"));
        assert_eq!(refusals, [(&json!(2), &json!(3), &not_a_day), (&json!(4), &json!(6), &unknown)]);
        let open: Vec<usize> = people.iter().map(|person| to_do(person).len()).collect();
        assert_eq!(open, [0, 1, 0]);
        let odd = file(&lms, &id, "person\tcompleted_on\nE-p0\t2026-11-20\n").problem("invalid_request");
        assert_eq!((&odd["line"], &odd["errors"][0]["code"]), (&json!(1), &json!("wrong_columns")));
        let known = file(&lms, &id, "person;completed_on\nE-p0;2026-11-20\n").expect(200);
        assert_eq!(known["known"], 1, "with semicolons, as some spreadsheets write");
        file(&lms, &id, "").problem("invalid_request");
        let path = format!("/v1/trainings/{id}/completions");
        lms.post(&path).body("text/plain", "E-p1").send().problem("unsupported_media_type");
        lms.post(&path).body("text/csv; charset=latin1", rows).send().problem("unsupported_media_type");
        lms.post(&path).json(&json!({ "completions": [] })).send().problem("invalid_request");
        complete(&lms, &id, "E-p0", "20-11-2026").problem("invalid_request");
        let unknown = uuid::Uuid::now_v7().to_string();
        complete(&lms, &unknown, "E-p0", "2026-11-20").problem("not_found");
        file(&lms, &unknown, "person,completed_on\n").problem("not_found");
    }

    fn many_completions_are_written_in_small_transactions(app) {
        let id = training(app, |_| ());
        let people: Vec<Client> = (0..120).map(|number| known(app, &format!("p{number}"))).collect();
        let rows: Vec<String> = (0..120).map(|number| format!("E-p{number},2026-11-20\n")).collect();
        let lms = app.key([Scope::Completions]);
        let before = app.state().snapshots.access().version();
        let done = file(&lms, &id, &format!("person,completed_on\n{}", rows.concat())).expect(200);
        assert_eq!(done["recorded"], 120);
        let versions = app.state().snapshots.access().version() - before;
        assert_eq!(versions, 3, "fifty to a transaction");
        assert!(people.iter().all(|person| to_do(person).is_empty()));
    }

    fn r13_a_completion_that_is_withdrawn_counts_no_more(app) {
        let post = app.live_post();
        let id = training(app, |_| ());
        let (lms, employee) = (app.key([Scope::Completions]), app.employee());
        withdraw(&lms, &id, &employee.id()).problem("not_found");
        for day in ["2026-11-19", "2026-11-20"] {
            complete(&lms, &id, &employee.id(), day).expect(200);
        }
        app.share(&post);
        withdraw(&lms, &id, &employee.id()).expect(204);
        app.share_as(&employee, &post).problem("obligations_open");
        assert_eq!(app.record_entries().pop().unwrap().typ, "training.completion_withdrawn");
        withdraw(&lms, &id, &employee.id()).problem("not_found");
        // The next file of the learning system does not bring it back; another day is another completion.
        let again = complete(&lms, &id, &employee.id(), "2026-11-20").expect(200);
        assert_eq!(again["refusals"][0]["code"], "withdrawn");
        app.share_as(&employee, &post).problem("obligations_open");
        complete(&lms, &id, &employee.id(), "2026-11-21").expect(200);
        app.share(&post);
        let body = json!({ "person": employee.id(), "reason": " " });
        let path = format!("/v1/trainings/{id}/withdrawals");
        lms.post(&path).json(&body).send().problem("invalid_content");
    }

    fn a_key_for_completions_is_made_by_who_may_record_them(app) {
        let body = json!({ "name": "LMS", "scopes": ["completions"], "expires_at": "2027-06-01T00:00:00Z" });
        app.admin().post("/v1/api-keys").json(&body).send().expect(201);
    }
}
