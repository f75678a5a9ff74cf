//! The description of one operation, from which the OpenAPI document is written.
//!
//! Operations are built by functions and not by macros, since the kinds of items share handlers:
//! `item_create::<PostKind>` and its siblings have one description each, made by one function.

use actix_web::http::Method;
use serde_json::{Map, Value, json};
use utoipa::openapi::path::ParameterIn;
use utoipa::{IntoParams, ToSchema};

use super::extract::headers::{IDEMPOTENCY_KEY, PURPOSE};
use super::extract::{JSON, MERGE_PATCH};
use super::gate::PERSON_HEADER;
use super::schema::{Schemas, reference, set};
use crate::app::actor::Permission;
use crate::error::Code;

/// What `x-event` says of an operation that leaves nothing in the record.
pub const NO_EVENT: &str = "none";

/// What the OpenAPI document says of one operation.
pub struct Operation {
    id: String,
    tag: &'static str,
    summary: String,
    description: String,
    parameters: Vec<Value>,
    path_parameters: Map<String, Value>,
    body: Option<(String, Value)>,
    /// The media types of a file that is sent as it is.
    files: &'static [&'static str],
    /// The media types of a body that is taken as it arrives, with an example of each.
    streamed: &'static [(&'static str, &'static str)],
    answers: Vec<Answer>,
    codes: Vec<Code>,
    event: Option<&'static str>,
    headers: Vec<&'static str>,
    query: bool,
    pub(super) schemas: Schemas,
}

/// A successful answer.
struct Answer {
    status: u16,
    description: String,
    content: Option<(String, Value)>,
    /// The media types of a file that is answered as it is.
    files: &'static [&'static str],
}

impl Operation {
    /// A description. `id` is the use case's name, such as `post_submit`; `summary` a few words without
    /// a full stop; `description` one sentence or more.
    pub fn new(
        id: impl Into<String>,
        tag: &'static str,
        summary: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            tag,
            summary: summary.into(),
            description: description.into(),
            parameters: Vec::new(),
            path_parameters: Map::new(),
            body: None,
            files: &[],
            streamed: &[],
            answers: Vec::new(),
            codes: Vec::new(),
            event: None,
            headers: Vec::new(),
            query: false,
            schemas: Schemas::default(),
        }
    }

    /// The query's parameters, but for `limit` and `cursor`: see [`Operation::paged`].
    pub fn query<Q: IntoParams>(mut self) -> Self {
        self.query = true;
        for parameter in Q::into_params(|| Some(ParameterIn::Query)) {
            if !["limit", "cursor"].contains(&parameter.name.as_str()) {
                self.parameters.push(query_parameter(&json!(parameter)));
            }
        }
        self
    }

    /// A list in pages: it takes `limit` and `cursor`, and its answers carry `Link`.
    pub fn paged(mut self) -> Self {
        self.query = true;
        self.parameters.extend([reference("parameters", "Limit"), reference("parameters", "Cursor")]);
        self.headers.push("Link");
        self
    }

    /// A parameter of the path that is not a UUID, or deserves its own description.
    pub fn path(mut self, name: &str, description: &str, schema: Value) -> Self {
        self.path_parameters.insert(name.to_owned(), path_parameter(name, description, schema));
        self
    }

    /// The body's type, and an example of it.
    pub fn body<T: ToSchema>(mut self, example: Value) -> Self {
        self.body = Some((self.schemas.add::<T>(true), example));
        self
    }

    /// A successful answer with a body, and an example of it.
    pub fn answer<T: ToSchema>(mut self, status: u16, description: &str, example: Value) -> Self {
        let content = Some((self.schemas.add::<T>(false), example));
        self.answers.push(Answer { status, description: description.to_owned(), content, files: &[] });
        self
    }

    /// A successful answer without a body.
    pub fn empty(mut self, status: u16, description: &str) -> Self {
        self.answers.push(Answer { status, description: description.to_owned(), content: None, files: &[] });
        self
    }

    /// A file as the body: as it is, of one of these media types, or in the part `file` of a form with `T` as
    /// JSON in the part `content`.
    pub fn file_body<T: ToSchema>(mut self, files: &'static [&'static str], example: Value) -> Self {
        self.files = files;
        self.body::<T>(example)
    }

    /// A text as the body, in one of these media types, which is taken as it arrives; or the JSON that
    /// [`Self::body`] describes, where it does.
    pub fn streamed_body(mut self, streamed: &'static [(&'static str, &'static str)]) -> Self {
        self.streamed = streamed;
        self
    }

    /// A successful answer with a file of one of these media types.
    pub fn file_answer(mut self, status: u16, description: &str, files: &'static [&'static str]) -> Self {
        self.answers.push(Answer { status, description: description.to_owned(), content: None, files });
        self
    }

    /// The answers carry this header.
    pub fn header(mut self, name: &'static str) -> Self {
        self.headers.push(name);
        self
    }

    /// The answers carry `ETag`.
    pub fn etag(mut self) -> Self {
        self.headers.push("ETag");
        self
    }

    /// The answers carry `Location`.
    pub fn location(mut self) -> Self {
        self.headers.push("Location");
        self
    }

    /// The request names the version it changes in `If-Match`.
    pub fn if_match(mut self) -> Self {
        // Not `required`: a missing one is 428, which tools do not take for a missing parameter.
        self.parameters.push(reference("parameters", "IfMatch"));
        self.codes.extend([Code::PreconditionRequired, Code::PreconditionFailed]);
        self
    }

    /// The request may carry `Idempotency-Key`.
    pub fn idempotency_key(mut self) -> Self {
        self.parameters.push(reference("parameters", "IdempotencyKey"));
        self.codes.push(Code::IdempotencyKeyReused);
        self
    }

    /// The request must carry `Idempotency-Key`.
    pub fn idempotency_key_required(mut self) -> Self {
        self.parameters.push(reference("parameters", "RequiredIdempotencyKey"));
        self.codes.extend([Code::IdempotencyKeyRequired, Code::IdempotencyKeyReused]);
        self
    }

    /// The request must carry `Greenlight-Purpose`.
    pub fn purpose(mut self) -> Self {
        self.parameters.push(reference("parameters", "Purpose"));
        self.codes.push(Code::PurposeRequired);
        self
    }

    /// The codes of this operation's own refusals. What follows from its shape (401, 413, and so on) is
    /// added by itself.
    pub fn errors(mut self, codes: &[Code]) -> Self {
        self.codes.extend_from_slice(codes);
        self
    }

    /// The type of the record's entry that the operation leaves, or [`NO_EVENT`]. Everything that
    /// writes must say.
    pub fn event(mut self, event: &'static str) -> Self {
        self.event = Some(event);
        self
    }

    /// Describes the operation for one kind of item: in its schemas, `Content` becomes the schema of
    /// `C`, and whatever holds a `Content` gets the kind's name, as [`Schemas::specialise`] says.
    pub fn of_kind<C: ToSchema>(mut self, kind: &str) -> Self {
        self.schemas.specialise::<C>(kind);
        self
    }

    /// The operation's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The event that the operation says it leaves, if it says anything.
    pub fn stated_event(&self) -> Option<&'static str> {
        self.event
    }

    /// Whether the operation has query parameters.
    pub fn takes_query(&self) -> bool {
        self.query
    }

    /// The Operation Object of OpenAPI 3.1.
    pub(super) fn to_json(&self, method: &Method, path: &str, permission: Permission) -> Value {
        let codes = self.all_codes(method, path, permission);
        let slugs: Vec<&str> = codes.iter().map(|code| code.slug()).collect();
        let mut operation = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "description": self.description,
            "parameters": self.all_parameters(path, permission),
            "responses": self.responses(&codes),
            "x-permission": permission_name(permission),
            "x-error-codes": slugs,
            "x-event": self.event.unwrap_or(NO_EVENT),
        });
        if permission == Permission::Public {
            set(&mut operation, "security", json!([]));
        }
        if let Some((name, example)) = &self.body {
            let media_type = if method == Method::PATCH { MERGE_PATCH } else { JSON };
            let schema = self.schemas.reference(name);
            let content = match self.files {
                [] => json!({ media_type: { "schema": schema, "example": example } }),
                files => file_content(files, &schema, example),
            };
            set(&mut operation, "requestBody", json!({ "required": true, "content": content }));
        }
        if !self.streamed.is_empty() {
            let media = |(name, example): &(&str, &str)| {
                ((*name).to_owned(), json!({ "schema": { "type": "string" }, "example": example }))
            };
            let mut content: Map<String, Value> = self.streamed.iter().map(media).collect();
            let as_well = operation.pointer("/requestBody/content").and_then(Value::as_object);
            content.extend(as_well.cloned().unwrap_or_default());
            set(&mut operation, "requestBody", json!({ "required": true, "content": content }));
        }
        operation
    }

    fn all_parameters(&self, path: &str, permission: Permission) -> Vec<Value> {
        let names = path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
        let uuid = json!({ "type": "string", "format": "uuid" });
        let mut parameters: Vec<Value> = names
            .map(|name| match self.path_parameters.get(name) {
                Some(parameter) => parameter.clone(),
                None => path_parameter(name, "The id: a UUID in lower case.", uuid.clone()),
            })
            .collect();
        parameters.extend(self.parameters.iter().cloned());
        if permission.takes_person() {
            parameters.push(reference("parameters", "Person"));
        }
        parameters
    }

    /// The operation's own codes, and those that follow from its shape.
    fn all_codes(&self, method: &Method, path: &str, permission: Permission) -> Vec<Code> {
        let mut codes = vec![
            Code::InvalidRequest,
            // Where no person acts, the header is refused.
            Code::PersonHeader,
            Code::TooManyRequests,
            Code::Internal,
            Code::Unavailable,
        ];
        if *method != Method::GET {
            // A node whose clock is wrong writes nothing.
            codes.push(Code::NotReady);
        }
        if permission != Permission::Public {
            codes.push(Code::Unauthenticated);
        }
        if permission.scope().is_some() {
            codes.push(Code::Forbidden);
        }
        if permission.acts_as_person() {
            codes.push(Code::PersonRequired);
        }
        if permission.takes_person() {
            codes.push(Code::PersonNotFound);
        }
        if path.contains('{') && !self.codes.iter().any(|code| code.status() == 404) {
            codes.push(Code::NotFound);
        }
        if self.body.is_some() || !self.streamed.is_empty() {
            codes.extend([Code::PayloadTooLarge, Code::UnsupportedMediaType]);
        }
        codes.extend_from_slice(&self.codes);
        codes.sort_by_key(|code| (code.status(), code.slug()));
        codes.dedup();
        codes
    }

    fn responses(&self, codes: &[Code]) -> Value {
        let headers: Map<String, Value> =
            self.headers.iter().map(|name| ((*name).to_owned(), reference("headers", name))).collect();
        let mut responses = Map::new();
        for answer in &self.answers {
            let mut response = json!({ "description": answer.description });
            if !headers.is_empty() {
                set(&mut response, "headers", Value::Object(headers.clone()));
            }
            if let Some((name, example)) = &answer.content {
                let schema = self.schemas.reference(name);
                set(&mut response, "content", json!({ JSON: { "schema": schema, "example": example } }));
            }
            if !answer.files.is_empty() {
                let content = answer.files.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
                set(&mut response, "content", Value::Object(content));
            }
            responses.insert(answer.status.to_string(), response);
        }
        for code in codes {
            let status = code.status();
            responses.insert(status.to_string(), reference("responses", &format!("Problem{status}")));
        }
        Value::Object(responses)
    }
}

/// A file as the body: as it is, or in a form. OpenAPI 3.1 has no schema for bytes.
fn file_content(files: &[&str], content: &Value, example: &Value) -> Value {
    let form = json!({
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {
                "file": { "type": "string", "contentMediaType": "application/octet-stream" },
                "content": content,
            },
        },
        "encoding": { "content": { "contentType": JSON } },
        "example": { "content": example },
    });
    let mut bodies: Map<String, Value> = files.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
    bodies.insert("multipart/form-data".to_owned(), form);
    Value::Object(bodies)
}

/// The name of a permission in `x-permission`.
pub fn permission_name(permission: Permission) -> String {
    match permission {
        Permission::Public => "public".to_owned(),
        Permission::SignedIn => "signed_in".to_owned(),
        Permission::Person => "person".to_owned(),
        Permission::Holds(scope) => format!("holds:{scope}"),
        Permission::HoldsPerhapsFor(scope) => format!("holds_perhaps_for:{scope}"),
        Permission::PersonHolds(scope) => format!("person_holds:{scope}"),
    }
}

fn path_parameter(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
}

/// Arrays are comma lists in one value; what is absent is absent, never null.
fn query_parameter(parameter: &Value) -> Value {
    let mut parameter = parameter.clone();
    let is_null = |schema: &Value| schema.get("type").is_some_and(|kind| kind == "null");
    if let Some(schema) = parameter.get_mut("schema") {
        if let Some(variants) = schema.get("oneOf").and_then(Value::as_array)
            && let Some(present) = variants.iter().find(|schema| !is_null(schema)).cloned()
        {
            *schema = present;
        }
        if let Some(types) = schema.get("type").and_then(Value::as_array) {
            let kind = types.iter().find(|kind| *kind != "null").cloned().unwrap_or_default();
            set(schema, "type", kind);
        }
    }
    if parameter.pointer("/schema/type").is_some_and(|kind| kind == "array") {
        set(&mut parameter, "style", json!("form"));
        set(&mut parameter, "explode", json!(false));
    }
    parameter
}

/// The parameters that operations share.
pub(super) fn shared_parameters() -> Value {
    let text = |max: usize, pattern: &str| json!({ "type": "string", "minLength": 1, "maxLength": max, "pattern": pattern });
    let visible = "^[!-~]([ -~]*[!-~])?$";
    let key = "Names this request, so that a retry with the same key and body is answered with the first \
               answer and does nothing twice. The text is the same bare and in quotes.";
    let header = |name: &str, required: bool, description: &str, schema: Value| json!({ "name": name, "in": "header", "required": required, "description": description, "schema": schema });
    // The bare form only: a generator of requests need not know of quotes.
    let key_schema = text(255, r"^[!#-\[\]-~]+$");
    json!({
        "Limit": {
            "name": "limit", "in": "query", "required": false,
            "description": "How many items the page has at most.",
            "schema": { "type": "integer", "format": "int32", "minimum": 1, "maximum": 200, "default": 50 },
        },
        "Cursor": {
            "name": "cursor", "in": "query", "required": false,
            "description": "Where the page begins: `next_cursor` of the page before, with the same filters.",
            "schema": text(super::paging::CURSOR_MAX, "^[A-Za-z0-9_-]+$"),
        },
        "IfMatch": header(
            "If-Match", false,
            "The ETag of the version that was read. Missing it is 428, an old one 412.",
            json!({ "type": "string", "minLength": 3, "maxLength": 64, "pattern": "^\"[0-9]+\"$" }),
        ),
        "IdempotencyKey": header(IDEMPOTENCY_KEY, false, key, key_schema.clone()),
        "RequiredIdempotencyKey": header(IDEMPOTENCY_KEY, true, key, key_schema),
        "Purpose": header(
            PURPOSE, true,
            "Why audit data is read; it is kept in the record with the reader.",
            text(200, visible),
        ),
        "Person": header(
            PERSON_HEADER, false,
            "The person, by id or external id, whom an API key with the scope on_behalf acts for. Required \
             with such a key, and refused with a session.",
            text(255, visible),
        ),
    })
}
