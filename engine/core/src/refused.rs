//! How the engine says no to a person's command or to its host: a stable code for programs, words for people.

use inmost_public::Refusal;

/// A refusal: a code of docs/protocol, one that the server gave, or one of the engine's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub code: String,
    pub words: String,
}

impl Refused {
    pub fn new(code: &str, words: &str) -> Self {
        Refused {
            code: code.to_owned(),
            words: words.to_owned(),
        }
    }

    /// The command needs the server, which is not there.
    pub fn offline() -> Self {
        Refused::new("Offline", "no connection to the server; try again when connected")
    }

    pub fn wrong_phase() -> Self {
        Refused::new("WrongPhase", "this device is not in a state for that command")
    }

    pub fn unknown_command() -> Self {
        Refused::new("UnknownCommand", "no such command")
    }

    pub fn bad_link() -> Self {
        Refused::new("BadLink", "not an invitation link of Inmost; copy all of it")
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Refused {
            code: refusal.code().to_owned(),
            words: refusal.to_string(),
        }
    }
}

impl From<inmost_public::cbor::Malformed> for Refused {
    fn from(_: inmost_public::cbor::Malformed) -> Self {
        Refusal::Malformed.into()
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.words)
    }
}

impl std::error::Error for Refused {}
