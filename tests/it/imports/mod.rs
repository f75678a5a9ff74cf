//! Imports of posts: files of rows, each with its result, once for each external id.

mod broken;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use greenlight::domain::roles::{Role, Scope};
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp, both};

const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv";

const HEADER: &str = "external_id,title,text.en,text.nl,channels,tips\r\n";

/// A row of NDJSON with the content of a post, as `change` leaves it.
fn row(app: &TestApp, external_id: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut content = app.content();
    change(&mut content);
    format!("{}\n", json!({ "external_id": external_id, "content": content }))
}

/// Rows of NDJSON with these external ids.
fn rows(app: &TestApp, external_ids: &[&str]) -> String {
    external_ids.iter().map(|id| row(app, id, |_| ())).collect()
}

fn send(client: &Client, media_type: &str, file: impl Into<Vec<u8>>) -> Answer {
    client.post("/v1/post-imports").body(media_type, file).send()
}

/// The import of an answer, with its rows.
fn read(app: &TestApp, id: &str) -> Answer {
    app.author().get(&format!("/v1/post-imports/{id}?limit=200")).send().expect(200)
}

/// `[rows, created, existing, refused]`.
fn counts(import: &Value) -> [i64; 4] {
    ["rows", "created", "existing", "refused"].map(|name| import[name].as_i64().unwrap())
}

/// Imports a file that is fine as a file, and answers its rows.
#[track_caller]
fn import(app: &TestApp, media_type: &str, file: impl Into<Vec<u8>>) -> Vec<Value> {
    let done = send(&app.author(), media_type, file).expect(201);
    assert_eq!(done["state"], "finished");
    read(app, done.text("/id")).list("/items").to_vec()
}

fn posts(app: &TestApp) -> Vec<Value> {
    app.author().get("/v1/posts?limit=200").send().expect(200).list("/items").to_vec()
}

both! {
    fn rows_of_ndjson_become_drafts_of_whoever_imports(app) {
        let mut content = app.content();
        // With what its defaults add.
        content["copies"][0]["channels"] = json!([]);
        let file = rows(app, &["spring-1", "spring-2"]);
        let done = send(&app.author(), NDJSON, file).expect(201);
        assert_eq!((&done["state"], counts(&done.json)), (&json!("finished"), [2, 2, 0, 0]));
        assert_eq!((done["format"].as_str(), done["items"].is_null()), (Some("ndjson"), true));
        assert_eq!(done["person_id"], app.author().id());
        assert!(done["started_at"].is_string() && done["finished_at"].is_string());
        let address = format!("/v1/post-imports/{}", done.text("/id"));
        assert_eq!(done.header("Location"), address);
        let import = app.reviewer().get(&address).send().expect(200);
        assert_eq!((import["next_cursor"].is_null(), counts(&import.json)), (true, counts(&done.json)));
        for (nth, row) in import.list("/items").iter().enumerate() {
            let expected = (nth as i64 + 1, format!("spring-{}", nth + 1), "created");
            let told = (row["row"].as_i64().unwrap(), row["external_id"].as_str().unwrap().to_owned());
            assert_eq!((told.0, told.1, row["result"].as_str().unwrap()), expected);
            assert_eq!((row["line"].as_i64().unwrap(), row["differs"].is_null()), (nth as i64 + 1, true));
            let post = app.author().get(row["address"].as_str().unwrap()).send().expect(200);
            assert_eq!(post["id"], row["item_id"]);
            assert_eq!(post["working_revision"]["state"], "draft");
            assert_eq!(post["working_revision"]["authors"], json!([app.author().id()]));
            for (member, value) in content.as_object().unwrap() {
                assert_eq!(&post["working_revision"]["content"][member], value, "{member}");
            }
        }
        assert_eq!(posts(app).len(), 2);
    }

    fn a_file_of_csv_with_a_mark_quotes_and_line_breaks(app) {
        let file = format!(
            "\u{feff}{HEADER}a,\"Lente, eindelijk\",\"Spring \"\"is\"\" here\r\nand now\",Lente!,linkedin; x,\r\n\r\nb,Zomer,,Zomer!,linkedin,Zeg iets.\r\n"
        );
        let rows = import(app, CSV, file);
        let places: Vec<_> = rows.iter().map(|row| (row["line"].clone(), row["result"].clone())).collect();
        assert_eq!(places, [(json!(2), json!("created")), (json!(5), json!("created"))]);
        let content = |row: &Value| {
            let post = app.author().get(row["address"].as_str().unwrap()).send().expect(200);
            post["working_revision"]["content"].clone()
        };
        let first = content(&rows[0]);
        assert_eq!((&first["title"], &first["channels"]), (&json!("Lente, eindelijk"), &json!(["linkedin", "x"])));
        // Line ends are line feeds, as everywhere.
        assert_eq!(first["copies"][0]["text"], "Spring \"is\" here\nand now");
        assert_eq!((&first["copies"][1]["id"], &first["tips"]), (&json!("nl"), &Value::Null));
        let second = content(&rows[1]);
        assert_eq!(second["copies"].as_array().unwrap().len(), 1);
        assert_eq!((&second["copies"][0]["language"], &second["tips"]), (&json!("nl"), &json!("Zeg iets.")));
    }

    fn the_same_file_again_makes_nothing_and_overwrites_nothing(app) {
        let first = import(app, NDJSON, rows(app, &["a", "b"]));
        let again = import(app, NDJSON, rows(app, &["a", "b"]));
        for (row, made) in again.iter().zip(&first) {
            assert_eq!((&row["result"], &row["differs"]), (&json!("exists"), &json!(false)));
            assert_eq!((&row["item_id"], &row["address"]), (&made["item_id"], &made["address"]));
        }
        // Whoever imports, and whatever became of the draft meanwhile.
        let path = first[0]["address"].as_str().unwrap();
        let draft = json!({ "content": { "title": "Written on", "copies": app.content()["copies"], "channels": ["linkedin"] } });
        app.author().put(&format!("{path}/draft")).if_match(&json!(1)).json(&draft).send().expect(200);
        let file = rows(app, &["a"]) + &row(app, "b", |content| content["title"] = json!("Other"));
        let other = send(&app.person("other", &[Role::Author]), NDJSON, file).expect(201);
        assert_eq!(counts(&other.json), [2, 0, 2, 0]);
        let differs: Vec<_> =
            read(app, other.text("/id")).list("/items").iter().map(|row| row["differs"].clone()).collect();
        assert_eq!(differs, [json!(false), json!(true)]);
        assert_eq!(app.author().get(path).send()["working_revision"]["content"]["title"], "Written on");
        assert_eq!(posts(app).len(), 2);
    }

    fn a_corrected_file_makes_what_was_refused(app) {
        let wrong = row(app, "b", |content| content["channels"] = json!(["nowhere"]));
        let first = import(app, NDJSON, rows(app, &["a"]) + &wrong + &rows(app, &["c"]));
        let results: Vec<_> = first.iter().map(|row| row["result"].as_str().unwrap()).collect();
        assert_eq!(results, ["created", "refused", "created"]);
        let again = import(app, NDJSON, rows(app, &["a", "b", "c"]));
        let results: Vec<_> = again.iter().map(|row| row["result"].as_str().unwrap()).collect();
        assert_eq!(results, ["exists", "created", "exists"]);
        assert_eq!(posts(app).len(), 3);
    }

    fn a_file_that_says_to_be_in_another_charset_is_not_taken(app) {
        for media_type in [NDJSON, CSV] {
            for charset in ["iso-8859-1", "\"ISO-8859-1\"", "utf-16", "utf8", ""] {
                let refused = send(&app.author(), &format!("{media_type}; Charset={charset}"), rows(app, &["a"]));
                assert!(refused.problem("unsupported_media_type").text("/detail").contains("UTF-8"), "{charset}");
            }
            for charset in ["; charset=utf-8", ";charset=\"UTF-8\"", "; CHARSET=Utf-8; header=present", ";"] {
                let file = if media_type == CSV { HEADER.to_owned() } else { rows(app, &["a"]) };
                send(&app.author(), &format!("{media_type}{charset}"), file).expect(201);
            }
        }
        let latin = send(&app.author(), &format!("{CSV}; header=present; charset=latin1"), HEADER);
        latin.problem("unsupported_media_type");
        assert_eq!(posts(app).len(), 1);
    }

    fn of_two_rows_with_one_external_id_the_second_exists(app) {
        let file = rows(app, &["a", "a"]) + &row(app, "a", |content| content["title"] = json!("Other"));
        let rows = import(app, NDJSON, file);
        let told: Vec<_> = rows.iter().map(|row| (row["result"].clone(), row["differs"].clone())).collect();
        let exists = json!("exists");
        let expected =
            [(json!("created"), Value::Null), (exists.clone(), json!(false)), (exists, json!(true))];
        assert_eq!(told, expected);
        assert!(rows.iter().all(|row| row["item_id"] == rows[0]["item_id"]));
    }

    fn a_refused_row_says_what_a_refused_post_says_and_where(app) {
        let unknown = json!("019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81");
        let contents = [
            json!({}),
            json!({ "title": "x", "titel": "y", "copies": [], "channels": [] }),
            json!({ "title": " ", "copies": app.content()["copies"], "channels": ["nowhere"], "hashtags": ["nothing"] }),
            json!({ "title": "x", "copies": app.content()["copies"], "channels": ["linkedin"], "images": [unknown] }),
            json!({ "title": "x", "copies": app.content()["copies"], "channels": ["linkedin"],
                "audience": { "groups": [unknown] } }),
        ];
        let file: String = contents
            .iter()
            .enumerate()
            .map(|(nth, content)| format!("{}\n", json!({ "external_id": nth.to_string(), "content": content })))
            .collect();
        let rows = import(app, NDJSON, file + "not json\n" + &json!({ "external_id": " " }).to_string());
        for (row, content) in rows.iter().zip(&contents) {
            let body = json!({ "content": content });
            let by_hand = app.author().post("/v1/posts").json(&body).send();
            assert!(by_hand.status >= 400, "{}", by_hand.text);
            let problem = &row["problem"];
            for member in ["code", "detail", "errors"] {
                assert_eq!(problem[member], by_hand[member], "{content}");
            }
            assert_eq!((&row["result"], &row["item_id"]), (&json!("refused"), &Value::Null));
            assert!(row["external_id"].is_string());
        }
        let last: Vec<_> = rows[5..].iter().map(|row| (&row["problem"]["code"], &row["external_id"])).collect();
        assert_eq!(last, [(&json!("invalid_request"), &Value::Null); 2]);
        assert_eq!(posts(app).len(), 0);
    }

    fn a_refused_row_of_csv_names_the_columns(app) {
        let file = format!("{HEADER}a,,Hello,,nowhere,\nb,x,Hello,,linkedin\n,x,Hello,,linkedin,\nc,x,,,linkedin,\n");
        let rows = import(app, CSV, file);
        let faults = |nth: usize| {
            let faults = rows[nth]["problem"]["errors"].as_array().unwrap();
            faults.iter().map(|fault| (fault["column"].clone(), fault["code"].clone())).collect::<Vec<_>>()
        };
        assert_eq!(faults(0), [(json!("title"), json!("missing_field"))]);
        assert_eq!(faults(1), [(Value::Null, json!("wrong_columns"))]);
        assert_eq!(faults(2), [(json!("external_id"), json!("missing_field"))]);
        assert_eq!(faults(3), [(json!("text.<language>"), json!("missing_field"))]);
        let rows = import(app, CSV, format!("{HEADER}a,x,Hello,,linkedin; nowhere,\n"));
        let fault = &rows[0]["problem"]["errors"][0];
        assert_eq!((&fault["column"], &fault["pointer"]), (&json!("channels"), &json!("#/content/channels/1")));
    }

    fn an_import_is_read_in_pages_and_by_result(app) {
        let mut file = String::new();
        for nth in 0..60 {
            let wrong = nth % 3 == 0;
            file += &row(app, &nth.to_string(), |content| if wrong { content["title"] = json!("") });
        }
        let done = send(&app.author(), NDJSON, file).expect(201);
        assert_eq!(counts(&done.json), [60, 40, 0, 20]);
        let address = format!("/v1/post-imports/{}", done.text("/id"));
        let walk = |filter: &str| {
            let (mut numbers, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = app.author().get(&format!("{address}?limit=7{filter}{cursor}")).send().expect(200);
                assert_eq!(counts(&page.json), [60, 40, 0, 20]);
                numbers.extend(page.list("/items").iter().map(|row| row["row"].as_i64().unwrap()));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => return numbers,
                }
            }
        };
        assert_eq!(walk(""), (1..=60).collect::<Vec<_>>());
        assert_eq!(walk("&result=refused"), (0..20).map(|nth| nth * 3 + 1).collect::<Vec<_>>());
        assert_eq!(walk("&result=exists"), [0_i64; 0]);
        app.author().get(&format!("{address}?result=made")).send().problem("invalid_request");
    }

    fn an_import_leaves_drafts_and_nothing_else(app) {
        app.author();
        app.employee();
        let before = app.record_size();
        import(app, NDJSON, rows(app, &["a"]));
        assert_eq!(app.record_size(), before, "no draft is an entry");
        assert!(posts(app).iter().all(|post| post["working_revision"]["state"] == "draft"));
        assert!(app.employee().get("/v1/feed").send().expect(200).list("/items").is_empty());
    }

    fn only_who_writes_content_imports(app) {
        let file = rows(app, &["a"]);
        send(&app.employee(), NDJSON, file.clone()).problem("forbidden");
        send(&app.reviewer(), NDJSON, file.clone()).problem("forbidden");
        send(&app.anonymous(), NDJSON, file.clone()).problem("unauthenticated");
        send(&app.key([Scope::ContentWrite]), NDJSON, file.clone()).problem("person_required");
        for media_type in ["application/json", "text/plain", ""] {
            let refused = send(&app.author(), media_type, file.clone()).problem("unsupported_media_type");
            assert_eq!(refused.header("Accept-Post"), "application/x-ndjson, text/csv");
        }
        assert_eq!(posts(app).len(), 0);
        let done = send(&app.author(), "Application/X-NDJSON; charset=utf-8", file).expect(201);
        let address = done.header("Location");
        app.employee().get(address).send().problem("forbidden");
        let nobody = "/v1/post-imports/019a9a3c-7d2e-7a10-8f3b-2f1c5d6e7f81";
        app.author().get(nobody).send().problem("not_found");
        app.key([Scope::ContentRead]).get(address).send().expect(200);
    }

    fn files_with_the_same_rows_at_once_make_each_post_once(app) {
        let ids: Vec<String> = (0..40).map(|nth| nth.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let (author, file) = (app.author(), rows(app, &ids));
        let done: Vec<Answer> = std::thread::scope(|scope| {
            let started: Vec<_> = (0..3).map(|_| scope.spawn(|| send(&author, NDJSON, file.clone()))).collect();
            started.into_iter().map(|thread| thread.join().unwrap().expect(201)).collect()
        });
        let created: i64 = done.iter().map(|import| counts(&import.json)[1]).sum();
        assert_eq!((created, posts(app).len()), (40, 40));
    }
}
