//! The commands, run as an operator runs them, and what a server says of itself.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use crate::support::{ServerProcess, both, greenlight};

const PASSWORD: &str = "a quiet harbour\n";

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = greenlight(folder, arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that reads nothing may have closed its input already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// What a command said on standard error when it failed with 1.
fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

fn sign_in(server: &ServerProcess, email: &str) -> u16 {
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
    let body = json!({ "email": email, "password": PASSWORD.trim() });
    let agent = ureq::Agent::new_with_config(config);
    agent.post(format!("{}/v1/sessions", server.url)).send_json(body).unwrap().status().as_u16()
}

both! {
    fn a_node_that_serves_says_that_it_is_ready(app) {
        assert_eq!(app.anonymous().get("/readyz").send().expect(200)["status"], "ready");
    }
}

#[test]
fn an_administrator_made_while_a_server_runs_can_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(folder.path(), &[]);
    assert_eq!(sign_in(&server, "eva@example.org"), 401);
    let made = run(folder.path(), &["admin", "create", "eva@example.org"], PASSWORD);
    assert!(made.status.success(), "{made:?}");
    assert_eq!(sign_in(&server, "eva@example.org"), 201);
    let again = run(folder.path(), &["admin", "create", "eva@example.org"], PASSWORD);
    assert!(failure(&again).contains("e-mail address"), "{again:?}");
}

#[test]
fn a_second_server_on_one_sqlite_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _first = ServerProcess::start(folder.path(), &[]);
    let second = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"], "");
    assert!(failure(&second).contains("another greenlight serves"), "{second:?}");
}

#[test]
fn keys_of_another_installation_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["admin", "create", "eva@example.org"], PASSWORD).status.success());
    std::fs::remove_dir_all(folder.path().join("data/keys")).unwrap();
    assert!(run(folder.path(), &["keys", "create", "data/keys"], "").status.success());
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["admin", "create", "tom@example.org"]] {
        let refused = run(folder.path(), command, PASSWORD);
        assert!(failure(&refused).contains("right keys folder"), "{refused:?}");
    }
}

#[test]
fn an_incomplete_keys_folder_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["keys", "create", "data/keys"], "").status.success());
    let lost = folder.path().join("data/keys/wrapping.key");
    std::fs::remove_file(&lost).unwrap();
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["keys", "create", "data/keys"]] {
        let refused = run(folder.path(), command, "");
        assert!(failure(&refused).contains("restore it from the backup"), "{refused:?}");
    }
    assert!(!lost.exists());
}

#[test]
fn the_wrong_call_ends_with_two_and_says_how_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["serv"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("Usage"));
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is touched");
}

#[test]
fn every_step_of_the_demonstration_holds_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = greenlight(folder.path(), &["demo", "--exit", "--listen", "127.0.0.1:0"]);
    let output = command.env("TMPDIR", folder.path()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    let held = said.lines().last().unwrap();
    assert!(held.ends_with("steps held.") && held.split(' ').next() == held.split(' ').nth(2), "{held}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "its data is removed");
}

#[test]
fn a_server_whose_images_cannot_be_stored_says_so_and_serves() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = greenlight(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    // Nobody listens there.
    command.env("GREENLIGHT_S3__ENDPOINT", "http://127.0.0.1:9").env("GREENLIGHT_S3__ALLOW_HTTP", "true");
    command.env("GREENLIGHT_S3__BUCKET", "pictures").env("GREENLIGHT_S3__REGION", "us-east-1");
    command.env("GREENLIGHT_S3__ACCESS_KEY_ID", "id").env("GREENLIGHT_S3__SECRET_ACCESS_KEY", "sesame");
    command.env("GREENLIGHT_S3__PATH_STYLE", "true");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut serves = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut serves).unwrap();
    let mut warnings = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let (told, warned) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let warning = warnings.find(|line| line.contains("cannot be written to"));
        // Nobody listens once the test has failed.
        let _ = told.send(warning);
    });
    let warning = warned.recv_timeout(Duration::from_secs(20));
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    assert!(serves.contains("http://127.0.0.1:"), "{serves}");
    let warning = warning.ok().flatten().expect("a warning");
    assert!(warning.contains("bucket pictures at http://127.0.0.1:9"), "the place: {warning}");
    assert!(warning.contains("refused") && !warning.contains("sesame"), "the cause: {warning}");
}

/// A post in a row of NDJSON.
fn post(external_id: &str, title: &str) -> String {
    let copies = json!([{ "id": "en", "language": "en", "text": "Spring is here." }]);
    let content = json!({ "title": title, "copies": copies, "channels": ["linkedin"] });
    format!("{}\n", json!({ "external_id": external_id, "content": content }))
}

/// A server's folder with an administrator, who makes people with these roles; answers the server.
fn organisation(folder: &Path, people: &[(&str, &str)]) -> ServerProcess {
    let server = ServerProcess::start(folder, &[]);
    assert!(run(folder, &["admin", "create", "eva@example.org"], PASSWORD).status.success());
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    let login = json!({ "email": "eva@example.org", "password": PASSWORD.trim() });
    let mut signed_in = agent.post(format!("{}/v1/sessions", server.url)).send_json(login).unwrap();
    let session: serde_json::Value = signed_in.body_mut().read_json().unwrap();
    let bearer = format!("Bearer {}", session["access_token"].as_str().unwrap());
    for (name, role) in people {
        let person = json!({ "email": format!("{name}@example.org"), "display_name": name, "roles": [role] });
        let request = agent.post(format!("{}/v1/people", server.url)).header("Authorization", &bearer);
        let made = request.send_json(person).unwrap();
        assert_eq!(made.status(), 201);
    }
    server
}

#[test]
fn a_file_is_imported_while_a_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let _server = organisation(folder.path(), &[("ann", "author"), ("emil", "employee")]);
    let file = folder.path().join("posts.ndjson");
    std::fs::write(&file, post("a", "Spring") + &post("b", "") + &post("a", "Spring")).unwrap();
    let first = run(folder.path(), &["import", "posts.ndjson"], "");
    assert_eq!(first.status.code(), Some(1), "{first:?}");
    assert_eq!(String::from_utf8_lossy(&first.stdout), "created 1, existing 1, refused 1\n");
    let said = String::from_utf8_lossy(&first.stderr);
    assert!(said.starts_with("row 2 (line 2, b) refused: #/content/title: "), "{said}");
    std::fs::write(&file, post("a", "Spring") + &post("b", "Summer")).unwrap();
    let again = run(folder.path(), &["import", "posts.ndjson", "--author", "Ann@example.org"], "");
    assert!(again.status.success(), "{again:?}");
    assert_eq!(String::from_utf8_lossy(&again.stdout), "created 1, existing 1, refused 0\n");
    let piped = "external_id,title,text.en,channels\na,Spring,Spring is here.,linkedin\n";
    let piped = run(folder.path(), &["import", "-", "--format", "csv"], piped);
    assert_eq!(String::from_utf8_lossy(&piped.stdout), "created 0, existing 1, refused 0\n");

    for (arguments, why) in [
        (&["import", "posts.ndjson", "--author", "emil@example.org"][..], "has the role author is emil"),
        (&["import", "none.csv"], "none.csv cannot be read"),
        (&["import", "-"], "--format"),
    ] {
        let refused = run(folder.path(), arguments, "");
        assert!(failure(&refused).contains(why), "{refused:?}");
    }
    std::fs::write(&file, post("c", "Autumn") + &"x".repeat(200_001)).unwrap();
    let broken = run(folder.path(), &["import", "posts.ndjson"], "");
    assert!(failure(&broken).contains("interrupted at row 2"), "{broken:?}");
    assert_eq!(String::from_utf8_lossy(&broken.stdout), "created 1, existing 0, refused 0\n");
    for (header, why) in [
        ("external_id,titel\n", "row 1: column \"titel\": This column is not known here. What was made"),
        ("title,text.en\n", "row 1: column \"external_id\": This column is required"),
    ] {
        let unknown = run(folder.path(), &["import", "-", "--format", "csv"], header);
        assert!(failure(&unknown).contains(why), "{unknown:?}");
    }
    std::fs::write(&file, post("e", "").repeat(25)).unwrap();
    let many = run(folder.path(), &["import", "posts.ndjson"], "");
    let said = String::from_utf8_lossy(&many.stderr);
    assert_eq!((many.status.code(), said.matches(") refused: ").count()), (Some(1), 20));
    assert!(said.contains("and 5 more"), "{said}");
}

#[test]
fn an_import_without_one_author_asks_for_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("posts.ndjson"), post("a", "Spring")).unwrap();
    let nobody = run(folder.path(), &["import", "posts.ndjson"], "");
    assert!(failure(&nobody).contains("Nobody who is active"), "{nobody:?}");
    let _server = organisation(folder.path(), &[("ann", "author"), ("bob", "author")]);
    let several = run(folder.path(), &["import", "posts.ndjson"], "");
    assert!(failure(&several).contains("--author"), "{several:?}");
    assert!(
        run(folder.path(), &["import", "posts.ndjson", "--author", "bob@example.org"], "").status.success()
    );
}
