//! Who completed a training: told by whom, of whom, in which form.

use greenlight::domain::roles::{Role, Scope};
use greenlight::record::disclosure;
use serde_json::{Value, json};

use super::{complete, to_do, training};
use crate::support::{Answer, Client, TestApp, both};

fn file(client: &Client, id: &str, rows: &str) -> Answer {
    client.post(&format!("/v1/trainings/{id}/completions")).body("text/csv", rows).send()
}

fn withdraw(client: &Client, id: &str, person: &str) -> Answer {
    withdraw_with(client, id, &json!({ "person": person, "reason": "The wrong person." }))
}

fn withdraw_with(client: &Client, id: &str, body: &Value) -> Answer {
    client.post(&format!("/v1/trainings/{id}/withdrawals")).json(body).send()
}

/// Somebody records a completion with a reason.
fn complete_for(client: &Client, id: &str, person: &str, on: &str, reason: &str) -> Answer {
    let body = json!({ "completions": [{ "person": person, "completed_on": on, "reason": reason }] });
    client.post(&format!("/v1/trainings/{id}/completions")).json(&body).send()
}

/// How many were recorded, and the codes of those that were refused.
fn outcome(done: &Answer) -> (i64, Vec<&str>) {
    let codes = done.list("/refusals").iter().map(|refusal| refusal["code"].as_str().unwrap());
    (done["recorded"].as_i64().unwrap(), codes.collect())
}

/// What the last entry says: its type, its fields, and the person's reason, which is sealed.
fn last_entry(app: &TestApp) -> (String, Value, Option<Value>) {
    let entry = app.record_entries().pop().unwrap();
    let sealed = app.record_personal(entry.idx).into_iter().find(|(field, ..)| field == "reason");
    let reason = sealed.map(|(field, person, sealed)| {
        disclosure::open(&app.subject_key(person), entry.event_id, &field, &sealed).unwrap()
    });
    (entry.typ, serde_json::from_str(&entry.fields).unwrap(), reason)
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
            "name": "Academy", "holders": [{ "group": group }], "deputies": [{ "person": deputy.id() }],
        });
        let path = "/v1/responsibilities/training";
        app.admin().put(path).if_match(&json!(1)).json(&body).send().expect(200);
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
        assert!(again.text("/refusals/0/detail").contains("with a reason"), "{}", again.text);
        app.share_as(&employee, &post).problem("obligations_open");
        complete(&lms, &id, &employee.id(), "2026-11-21").expect(200);
        app.share(&post);
        let body = json!({ "person": employee.id(), "reason": " " });
        let path = format!("/v1/trainings/{id}/withdrawals");
        lms.post(&path).json(&body).send().problem("invalid_content");
    }

    fn one_completion_is_withdrawn_and_the_others_count(app) {
        let post = app.live_post();
        let id = training(app, |_| ());
        let (admin, employee) = (app.admin(), app.employee());
        for day in ["2026-11-18", "2026-11-19"] {
            complete(&admin, &id, &employee.id(), day).expect(200);
        }
        let one = |day: &str| json!({ "person": employee.id(), "completed_on": day, "reason": "Another-Jansen" });
        withdraw_with(&admin, &id, &one("2026-11-17")).problem("not_found");
        withdraw_with(&admin, &id, &one("2026-11-19")).expect(204);
        let (typ, fields, reason) = last_entry(app);
        assert_eq!((typ.as_str(), &fields["completed_on"]), ("training.completion_withdrawn", &json!("2026-11-19")));
        assert_eq!((&fields["reason"], reason), (&json!(null), Some(json!("Another-Jansen"))), "sealed");
        assert_eq!(app.places_of("Another-Jansen"), Vec::<String>::new(), "nowhere in clear");
        app.share(&post);
        let mine = employee.get("/v1/me/obligations").send().expect(200);
        let days: Vec<&Value> = mine.list("/done/completed").iter().map(|done| &done["completed_on"]).collect();
        assert_eq!(days, ["2026-11-18"]);
        withdraw_with(&admin, &id, &one("2026-11-19")).problem("not_found");
        let odd = json!({ "person": employee.id(), "completed_on": "19-11-2026", "reason": "a" });
        withdraw_with(&admin, &id, &odd).problem("invalid_request");
        withdraw_with(&admin, &id, &json!({ "person": employee.id(), "reason": "All" })).expect(204);
        assert_eq!(last_entry(app).1["completed_on"], json!(null));
        app.share_as(&employee, &post).problem("obligations_open");
    }

    fn r13_what_was_withdrawn_is_recorded_again_by_a_person_who_says_why(app) {
        let post = app.live_post();
        let id = training(app, |_| ());
        let (admin, lms, employee) = (app.admin(), app.key([Scope::Completions]), app.employee());
        let day = "2026-11-19";
        for _ in 0..2 {
            complete(&lms, &id, &employee.id(), day).expect(200);
            withdraw(&admin, &id, &employee.id()).expect(204);
            let row = format!("person,completed_on,reason\n{},{day},Sure\n", employee.id());
            let told = [
                complete(&lms, &id, &employee.id(), day), complete_for(&lms, &id, &employee.id(), day, "Sure"),
                complete(&admin, &id, &employee.id(), day), file(&lms, &id, &row), file(&admin, &id, &row),
            ];
            for told in told {
                assert_eq!(outcome(&told.expect(200)), (0, vec!["withdrawn"]));
            }
            app.share_as(&employee, &post).problem("obligations_open");
            let again = complete_for(&admin, &id, &employee.id(), day, "It-was-theirs").expect(200);
            assert_eq!(outcome(&again), (1, vec![]));
            let (typ, fields, reason) = last_entry(app);
            assert_eq!((typ.as_str(), &fields["completed_on"]), ("training.completed", &json!(day)));
            assert_eq!((&fields["reason"], reason), (&json!(null), Some(json!("It-was-theirs"))), "sealed");
            app.share(&post);
            let known = complete(&lms, &id, &employee.id(), day).expect(200);
            assert_eq!((&known["known"], &known["refused"]), (&json!(1), &json!(0)));
            let known = complete_for(&admin, &id, &employee.id(), day, "Once more").expect(200);
            assert_eq!(known["known"], 1, "it counts already");
        }
        assert_eq!(app.places_of("It-was-theirs"), Vec::<String>::new(), "nowhere in clear");
        complete_for(&admin, &id, &employee.id(), day, " ").problem("invalid_content");
        // Nobody brings their own back.
        complete(&lms, &id, &admin.id(), day).expect(200);
        withdraw(&admin, &id, &admin.id()).expect(204);
        let own = complete_for(&admin, &id, &admin.id(), day, "Mine").expect(200);
        assert_eq!(outcome(&own), (0, vec!["own_completion"]));
    }

    fn a_key_records_nothing_of_who_made_it(app) {
        let id = training(app, |_| ());
        let (admin, lena) = (app.admin(), known(app, "lena"));
        let body = json!({ "name": "LMS", "scopes": ["completions"], "expires_at": "2027-06-01T00:00:00Z" });
        let made = admin.post("/v1/api-keys").json(&body).send().expect(201);
        let lms = app.anonymous().with_bearer(made.text("/key"));
        let own = complete(&lms, &id, &admin.id(), "2026-11-20").expect(200);
        assert_eq!(outcome(&own), (0, vec!["own_completion"]));
        assert!(own.text("/refusals/0/detail").contains("who made the API key"), "{}", own.text);
        let rows = format!("person,completed_on\n{},2026-11-20\nE-lena,2026-11-20\n", admin.id());
        let done = file(&lms, &id, &rows).expect(200);
        assert_eq!((outcome(&done), &done["refusals"][0]["line"]), ((1, vec!["own_completion"]), &json!(2)));
        assert_eq!(to_do(&lena), []);
        // A key that somebody else made may.
        let other = app.key([Scope::Completions]);
        assert_eq!(outcome(&complete(&other, &id, &admin.id(), "2026-11-20").expect(200)), (1, vec![]));
    }

    fn a_file_may_have_more_columns_and_names_in_capitals(app) {
        let id = training(app, |_| ());
        let (lms, lena) = (app.key([Scope::Completions]), known(app, "lena"));
        let rows = "Course,Completed_On,Name,PERSON\nSafe,2026-11-20,\"Jansen, L.\",E-lena\n";
        assert_eq!(outcome(&file(&lms, &id, rows).expect(200)), (1, vec![]));
        assert_eq!(to_do(&lena), []);
        for header in ["person,completed_on,PERSON", "person,name"] {
            let refused = file(&lms, &id, &format!("{header}\nE-lena,2026-11-20,a\n")).problem("invalid_request");
            assert_eq!(refused["errors"][0]["code"], "wrong_columns", "{header}");
        }
    }

    fn a_person_is_named_by_an_address_of_any_length(app) {
        let id = training(app, |_| ());
        let lms = app.key([Scope::Completions]);
        let domain = format!("{}.example", [&"a".repeat(60), "b", &"c".repeat(60), &"d".repeat(57)].join("."));
        let address = format!("{}@{domain}", "l".repeat(254 - 1 - domain.len()));
        assert_eq!(address.len(), 254);
        let long = app.person_with("long", &[Role::Employee], |person| person.email = address.clone());
        assert_eq!(outcome(&complete(&lms, &id, &address, "2026-11-20").expect(200)), (1, vec![]));
        assert_eq!(to_do(&long), []);
        complete(&lms, &id, &format!("l{address}"), "2026-11-20").problem("invalid_request");
    }

    fn a_key_for_completions_is_made_by_who_may_record_them(app) {
        let body = json!({ "name": "LMS", "scopes": ["completions"], "expires_at": "2027-06-01T00:00:00Z" });
        app.admin().post("/v1/api-keys").json(&body).send().expect(201);
    }
}
