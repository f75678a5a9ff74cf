//! Files that go wrong as files, and imports that end before their file does.

use std::time::{Duration, Instant};

use greenlight::domain::ids::{PersonId, PostImportId};
use greenlight::domain::post_import::Format;
use greenlight::store::write::WriteTx;
use greenlight::store::{Lane, post_imports};

use super::*;

both! {
    fn a_file_that_goes_wrong_keeps_what_was_made_and_goes_on(app) {
        let good = rows(app, &["a", "b"]);
        for (rest, code) in [
            (b"{\"external_id\":\"\xff\"}\n".to_vec(), "invalid_request"),
            (vec![b'x'; 200_001], "payload_too_large"),
        ] {
            let file = [good.as_bytes(), &rest, rows(app, &["c"]).as_bytes()].concat();
            let refused = send(&app.author(), NDJSON, file).problem(code);
            assert_eq!((refused["row"].as_i64(), refused["line"].as_i64()), (Some(3), Some(3)));
            let import = read(app, refused.text("/import_id"));
            assert_eq!((&import["state"], &import["reason"]), (&json!("interrupted"), &refused["detail"]));
            assert_eq!(import["rows"], 2);
            assert!(import["finished_at"].is_string());
        }
        assert_eq!(posts(app).len(), 2);
        let done = send(&app.author(), NDJSON, rows(app, &["a", "b", "c"])).expect(201);
        assert_eq!(counts(&done.json), [3, 1, 2, 0]);
    }

    fn a_bad_header_makes_nothing(app) {
        for (header, code, column) in [
            ("external_id,titel\n", "unknown_column", json!("titel")),
            ("title,text.en\n", "missing_column", json!("external_id")),
            ("external_id,title,title\n", "duplicate_column", json!("title")),
            ("", "missing_header", Value::Null),
        ] {
            let refused = send(&app.author(), CSV, format!("{header}a,b,c\n").repeat(usize::from(!header.is_empty())));
            let refused = refused.problem("invalid_request");
            let fault = &refused["errors"][0];
            assert_eq!((&fault["code"], &fault["column"]), (&json!(code), &column), "{}", refused.text);
            let import = read(app, refused.text("/import_id"));
            assert_eq!((&import["state"], counts(&import.json)), (&json!("interrupted"), [0; 4]));
        }
        assert_eq!(posts(app).len(), 0);
    }

    fn a_file_of_csv_that_was_cut_off_within_quotes_makes_no_half_a_post(app) {
        let whole = format!("{HEADER}a,x,Hello,,linkedin,\nb,x,\"Hello, all of you\",,linkedin,\n");
        let refused = send(&app.author(), CSV, &whole[..whole.len() - 20]).problem("invalid_request");
        assert_eq!((refused["row"].as_i64(), refused["line"].as_i64()), (Some(2), Some(3)));
        assert_eq!(counts(&send(&app.author(), CSV, whole).expect(201).json), [2, 1, 1, 0]);
    }

    fn more_rows_than_a_file_may_have_are_not_taken(app) {
        // One post under one name: what counts is the number of rows.
        let file = row(app, "a", |_| ()).repeat(10_001);
        let refused = send(&app.author(), NDJSON, file).problem("payload_too_large");
        assert_eq!(refused["row"], 10_001);
        let import = read(app, refused.text("/import_id"));
        assert_eq!((&import["state"], counts(&import.json)), (&json!("interrupted"), [10_000, 1, 9999, 0]));
    }

    fn a_connection_that_is_lost_interrupts_and_the_file_sent_again_goes_on(app) {
        let ids: Vec<String> = (0..30).map(|nth| format!("r-{nth}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let whole = rows(app, &ids);
        let half = &whole[..whole.len() / 2 + 10];
        let mut stream = begin(&app.author(), &format!("Content-Length: {}", whole.len()));
        stream.write_all(half.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        drop(stream);
        let complete = half.lines().count() - 1;
        wait(|| posts(app).len() == complete);
        // It ends when the server hears of it.
        let sql = "state = 'interrupted' AND reason LIKE '%too early%'";
        wait(|| imports(app, sql) == 1);
        let done = send(&app.author(), NDJSON, whole).expect(201);
        let complete = i64::try_from(complete).unwrap();
        assert_eq!(counts(&done.json), [30, 30 - complete, complete, 0]);
        assert_eq!(posts(app).len(), 30);
    }

    fn somebody_deactivated_meanwhile_imports_nothing_more(app) {
        let importer = app.person("importer", &[Role::Author]);
        let mut stream = begin(&importer, "Transfer-Encoding: chunked\r\nConnection: close");
        // More than is gathered, so that it is written while the rest is awaited.
        let long = "x".repeat(4000);
        let part = |from: usize| -> String {
            let row = |nth: usize| row(app, &nth.to_string(), |content| content["tips"] = json!(long[..2000]));
            (from..from + 60).map(row).collect()
        };
        stream.write_all(&chunk(part(0).as_bytes())).unwrap();
        wait(|| imports(app, "state = 'running' AND created >= 25") == 1);
        let path = format!("/v1/people/{}", importer.id());
        let version = app.admin().get(&path).send().expect(200)["version"].clone();
        app.admin().patch(&path).if_match(&version).json(&json!({ "active": false })).send().expect(200);
        let made = posts(app).len();
        stream.write_all(&chunk(part(60).as_bytes())).unwrap();
        stream.write_all(b"0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.contains("\"import_id\"") && answer.contains("\"row\""), "{answer}");
        assert_eq!(posts(app).len(), made);
        assert_eq!(imports(app, "state = 'interrupted' AND reason LIKE '%session%'"), 1);
    }

    fn a_file_that_trickles_is_cut_off_in_the_end_and_its_rows_stay(app) {
        let hasty = app.serving_with(|settings| settings.stream_timeout = Duration::from_millis(1500));
        let mut stream = begin(&app.author().at_node(&hasty), "Content-Length: 1000000");
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let began = Instant::now();
        let mut sent = 0;
        // Each piece comes long before its own time is over.
        while stream.peek(&mut [0]).is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "a trickle has an end");
            stream.write_all(row(app, &format!("r-{sent}"), |_| ()).as_bytes()).unwrap();
            sent += 1;
        }
        stream.set_read_timeout(None).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"request_timeout\""), "{answer}");
        let problem: Value = serde_json::from_str(&answer[answer.find('{').unwrap()..]).unwrap();
        let made = posts(app).len();
        assert!(sent > 5 && (sent - 2..=sent).contains(&made), "{made} of {sent}");
        let import = read(app, problem["import_id"].as_str().unwrap());
        let made = i64::try_from(made).unwrap();
        assert_eq!((&import["state"], counts(&import.json)), (&json!("interrupted"), [made, made, 0, 0]));
        assert_eq!(problem["row"], made + 1);
    }

    fn an_import_that_does_not_move_any_more_was_cut_short(app) {
        let (id, person) = (PostImportId::generate(), app.author().id().parse::<PersonId>().unwrap());
        let begin = |tx: &mut WriteTx<'_>| post_imports::insert(tx, id, person, Format::Csv);
        app.state().db.write_now(Lane::Ordinary, begin).unwrap();
        app.advance(Duration::from_secs(600));
        let import = read(app, &id.to_string());
        assert_eq!((&import["state"], &import["finished_at"]), (&json!("running"), &Value::Null));
        app.advance(Duration::from_secs(1));
        let import = read(app, &id.to_string());
        assert_eq!((&import["state"], &import["finished_at"]), (&json!("interrupted"), &import["started_at"]));
        assert!(import.text("/reason").contains("cut short"));
    }
}

/// How many imports there are of which this is true.
fn imports(app: &TestApp, condition: &str) -> i64 {
    use diesel::prelude::*;
    use diesel::sql_types::BigInt;

    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }

    let sql = diesel::sql_query(format!("SELECT count(*) AS count FROM post_imports WHERE {condition}"));
    app.state().db.read_now(|conn| Ok(sql.get_result::<Count>(conn).unwrap())).unwrap().count
}

/// Waits until something has happened.
#[track_caller]
fn wait(mut happened: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < Duration::from_secs(20), "it happens within 20 seconds");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Bytes as a chunk of a body.
fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Sends the head of an import.
fn begin(client: &Client, length: &str) -> TcpStream {
    let mut stream = TcpStream::connect(client.address()).unwrap();
    let (host, authorization) = (client.address(), client.authorization());
    let head = format!(
        "POST /v1/post-imports HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\n\
         Content-Type: {NDJSON}\r\n{length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}
