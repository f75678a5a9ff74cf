//! Who may do what: every operation of the OpenAPI document, asked for by everybody.

use std::collections::BTreeMap;

use greenlight::domain::roles::{Role, Scope};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Client, both};

/// Somebody who asks.
enum Caller {
    /// Without credentials.
    Nobody,
    /// A person with one role.
    Person(Role),
    /// An API key with every scope but `on_behalf`, which cannot act as a person.
    Key,
}

/// The refusal that a caller must get, or none.
fn refusal(caller: &Caller, permission: &str) -> Option<&'static str> {
    let (who, scope) = permission.split_once(':').unwrap_or((permission, ""));
    let lacks = |role: &Role| !role.scopes().iter().any(|held| held.as_str() == scope);
    match (who, caller) {
        ("public", _) => None,
        (_, Caller::Nobody) => Some("unauthenticated"),
        ("signed_in", _) | ("person", Caller::Person(_)) => None,
        ("person" | "person_holds", Caller::Key) => Some("person_required"),
        ("holds" | "holds_perhaps_for", Caller::Key) => None,
        ("holds" | "holds_perhaps_for" | "person_holds", Caller::Person(role)) => {
            lacks(role).then_some("forbidden")
        }
        _ => panic!("an unknown permission: {permission}"),
    }
}

/// Asks for an operation with an empty body and made-up parameters: whoever is let in gets no further.
fn ask(client: &Client, method: &str, path: &str, operation: &Value) -> Answer {
    let mut address = path.to_owned();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] == "path" {
            let value = match (&parameter["schema"]["format"], &parameter["schema"]["type"]) {
                (format, _) if format == "uuid" => Uuid::now_v7().to_string(),
                (_, ty) if ty == "integer" => "1".to_owned(),
                _ => "some-key".to_owned(),
            };
            address = address.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), &value);
        }
    }
    let request = client.request(method.to_uppercase().parse().unwrap(), &address);
    match operation["requestBody"] {
        Value::Null => request.send(),
        _ => request.json(&json!({})).send(),
    }
}

both! {
    fn every_operation_asks_for_its_permission(app) {
        let document = app.anonymous().get("/openapi.json").send().expect(200).json;
        let mut callers: BTreeMap<String, Caller> = BTreeMap::new();
        callers.insert("nobody".to_owned(), Caller::Nobody);
        callers.insert("a key".to_owned(), Caller::Key);
        callers.extend(Role::ALL.map(|role| (role.to_string(), Caller::Person(role))));
        let key = app.key(Scope::ALL.into_iter().filter(|scope| *scope != Scope::OnBehalf));
        let mut asked = 0;
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let permission = operation["x-permission"].as_str();
                let permission = permission.unwrap_or_else(|| panic!("{method} {path} has no permission"));
                for (name, caller) in &callers {
                    let client = match caller {
                        Caller::Nobody => app.anonymous(),
                        Caller::Key => key.clone(),
                        // A session of its own: one of the operations ends it.
                        Caller::Person(role) => app.client(app.of_role(*role).id().parse().unwrap()),
                    };
                    let answer = ask(&client, method, path, operation);
                    let place = format!("{method} {path} ({permission}) by {name}: {}", answer.text);
                    asked += 1;
                    match refusal(caller, permission) {
                        Some(code) => assert_eq!(answer.problem(code).json["code"], code, "{place}"),
                        None => assert!(![401, 403].contains(&answer.status), "{place}"),
                    }
                }
            }
        }
        assert!(asked >= 8 * 30, "only {asked} requests");
    }
}

#[test]
fn each_permission_lets_somebody_in_and_keeps_somebody_out() {
    let everybody = || Role::ALL.into_iter().map(Caller::Person).chain([Caller::Nobody, Caller::Key]);
    for scope in Scope::ALL.into_iter().filter(|scope| *scope != Scope::OnBehalf) {
        for permission in [format!("holds:{scope}"), format!("person_holds:{scope}")] {
            assert!(everybody().any(|caller| refusal(&caller, &permission).is_none()), "{permission}");
            assert!(everybody().any(|caller| refusal(&caller, &permission).is_some()), "{permission}");
        }
    }
}
