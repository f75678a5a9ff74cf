//! Who is asking, and what a route asks of them.

use crate::domain::ids::{ClientId, PersonId, SessionId};
use crate::domain::roles::{Scope, Scopes};
use crate::error::{Code, Error, Result};

/// What a route asks of its caller. Every route states one; there is no default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Anybody, without credentials.
    Public,
    /// Anybody with valid credentials.
    SignedIn,
    /// A person, or a key that acts on behalf of one; no scope.
    Person,
    /// Credentials that hold the scope; a person is not needed.
    Holds(Scope),
    /// Credentials that hold the scope; a key may name a person, for what is told of that person alone.
    HoldsPerhapsFor(Scope),
    /// A person (or a key on behalf of one) who holds the scope: what they do is their own act.
    PersonHolds(Scope),
}

impl Permission {
    /// Whether the request acts as a person, so that a key must name one.
    pub const fn acts_as_person(self) -> bool {
        matches!(self, Permission::Person | Permission::PersonHolds(_))
    }

    /// Whether a key may name a person.
    pub const fn takes_person(self) -> bool {
        self.acts_as_person() || matches!(self, Permission::HoldsPerhapsFor(_))
    }

    /// The scope that the route asks for.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Permission::Holds(scope)
            | Permission::HoldsPerhapsFor(scope)
            | Permission::PersonHolds(scope) => Some(scope),
            Permission::Public | Permission::SignedIn | Permission::Person => None,
        }
    }
}

/// Who is asking: a person, a client with an API key, or a client on behalf of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person who acts, if any.
    pub person: Option<PersonId>,
    /// The client whose API key was used, if any.
    pub client: Option<ClientId>,
    /// The session whose token was used, if any.
    pub session: Option<SessionId>,
    /// What the caller may do: with both a key and a person, what both may.
    pub scopes: Scopes,
}

impl Actor {
    /// The person who acts; an error when a key acts for nobody.
    pub fn person(&self) -> Result<PersonId> {
        self.person.ok_or_else(|| {
            Error::new(
                Code::PersonRequired,
                "This acts as a person: sign in, or use a key with the scope on_behalf and name the person \
                 in Greenlight-Person.",
            )
        })
    }

    /// Refuses a caller without the scope.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        Err(Error::new(Code::Forbidden, format!("This needs the scope {scope}."))
            .with("scope", scope.as_str()))
    }
}
