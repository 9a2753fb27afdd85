//! The formats of messages, links, recovery key and vault, each promise as a sentence, and their frozen bytes.

mod content;
mod fixture;
mod link;
mod message;
mod vault;
mod vectors;
