//! What a deserializer says of a value of another shape, in the words of JSON.
//!
//! serde speaks of Rust to whoever wrote the type (`expected i64`, `struct Post`) and quotes the value.
//! An author of a post or of an app knows neither, and a value is not echoed.

/// A wrong shape, told to whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misshape {
    /// `missing_field`, `unknown_field`, `duplicate_key` or `invalid_value`.
    pub code: &'static str,
    /// A sentence.
    pub detail: String,
    /// The member that is missing, below the place that the deserializer stood at.
    pub missing: Option<String>,
}

/// Puts a message of serde or `serde_json` into words.
pub fn explain(message: &str) -> Misshape {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let told = |code, detail: &str| Misshape { code, detail: detail.to_owned(), missing: None };
    if message.starts_with("unknown field") {
        return told("unknown_field", "This field is not known here.");
    }
    if message.starts_with("duplicate field") {
        return told("duplicate_key", "This field stands twice.");
    }
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let missing = Some(name.to_owned());
        return Misshape { missing, ..told("missing_field", "This field is required.") };
    }
    let wrong = ["invalid type", "invalid value", "invalid length", "unknown variant"];
    if wrong.iter().any(|start| message.starts_with(start)) {
        let expected = message.rsplit_once(", expected ").map_or("something else", |(_, expected)| expected);
        return told("invalid_value", &format!("Expected {}.", in_json(expected)));
    }
    told("invalid_value", &format!("The value is {message}."))
}

/// What serde expects, by its name in JSON; our own types say what they expect in plain words already.
fn in_json(expected: &str) -> String {
    let plain = match expected {
        "a boolean" => "true or false",
        "i8" | "i16" | "i32" | "i64" | "i128" => "a whole number within limits",
        "u8" | "u16" | "u32" | "u64" | "u128" => "a whole number, not negative and within limits",
        "f32" | "f64" => "a number",
        "a borrowed string" | "a str" => "a string",
        "a character" => "a string of one character",
        "a sequence" => "an array",
        "a map" => "an object",
        "unit" => "null",
        "option" => "a value or null",
        "string or map" => "a string, or an object with one field",
        "map with a single key" => "an object with one field",
        _ => return of_a_type(expected).map_or_else(|| choice(expected), str::to_owned),
    };
    plain.to_owned()
}

/// What a Rust type is in JSON, where serde names the type.
fn of_a_type(expected: &str) -> Option<&'static str> {
    let names = |words: &[&str]| words.iter().any(|word| expected.starts_with(word));
    if names(&["tuple", "an array of length", "a tuple", "fewer elements"]) {
        Some("an array of the documented length")
    } else if names(&["struct", "newtype", "variant identifier", "field identifier"]) {
        Some("an object")
    } else if names(&["enum", "internally tagged enum", "adjacently tagged enum"]) {
        Some("one of the documented choices")
    } else {
        None
    }
}

/// The names to choose from, as they are written in JSON.
fn choice(expected: &str) -> String {
    expected.replace('`', "\"")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its refusals matter")]
    enum Choice {
        Plain,
        Bold { weight: u8 },
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its refusals matter")]
    struct Odd {
        flag: Option<bool>,
        small: Option<u8>,
        signed: Option<i64>,
        float: Option<f64>,
        text: Option<String>,
        letter: Option<char>,
        list: Option<Vec<String>>,
        pair: Option<(u8, u8)>,
        map: Option<std::collections::BTreeMap<String, String>>,
        inner: Option<Box<Odd>>,
        choice: Option<Choice>,
        nothing: Option<()>,
    }

    #[test]
    fn nothing_of_rust_and_nothing_of_the_value_comes_out() {
        let values =
            ["1", "-1", "1.5", "300", "true", "\"hunter2\"", "[\"hunter2\"]", "[1,2,3]", "{\"hunter2\":1}"];
        let fields = [
            "flag", "small", "signed", "float", "text", "letter", "list", "pair", "map", "inner", "choice",
            "nothing",
        ];
        let rust = [
            "i64", "u8", "u64", "f64", "struct", "enum", "tuple", "sequence", "map", "unit", "option",
            "variant", "newtype", "Odd", "Choice", "hunter2", "boolean", "300", "1.5",
        ];
        for field in fields {
            for value in values {
                let json = format!("{{\"{field}\":{value}}}");
                let Err(error) = serde_json::from_str::<Odd>(&json) else { continue };
                let told = explain(&error.to_string()).detail;
                assert!(rust.iter().all(|word| !told.contains(word)), "{json}: {told}");
            }
        }
    }

    #[test]
    fn each_kind_of_fault_has_its_code() {
        let told = |json: &str| explain(&serde_json::from_str::<Odd>(json).unwrap_err().to_string());
        assert_eq!(told("{\"odd\":1}").code, "unknown_field");
        assert_eq!(told("{\"flag\":true,\"flag\":true}").code, "duplicate_key");
        assert_eq!(told("{\"flag\":1}").detail, "Expected true or false.");
        assert_eq!(
            told("{\"small\":300}").detail,
            "Expected a whole number, not negative and within limits."
        );
        assert_eq!(told("{\"list\":1}").detail, "Expected an array.");
        assert_eq!(told("{\"choice\":\"x\"}").detail, "Expected \"plain\" or \"bold\".");
        let missing = told("{\"choice\":{\"bold\":{}}}");
        assert_eq!((missing.code, missing.missing.as_deref()), ("missing_field", Some("weight")));
    }
}
