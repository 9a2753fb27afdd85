//! What is fuzzed of the engine, one function for each kind of input from outside (docs/fuzzing.md).
//!
//! Each target is built once and run over many inputs. An input never fails: whatever is wrong shows as a panic.

mod commands;
mod entries;
mod formats;
mod groups;
mod inputs;
mod links;
mod said;
pub mod script;
mod story;
mod taken;
mod texts;
mod told;
#[path = "../../../engine/core/tests/world/mod.rs"]
#[rustfmt::skip]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod world;

pub use entries::Organisation;
pub use formats::Formats;
pub use groups::Groups;
pub use inputs::Inputs;
pub use links::Links;
pub use said::Said;
pub use story::Moment;
pub use told::ToldFrames;

/// The targets, by name: the names of fuzz/corpus's folders.
pub const TARGETS: [&str; 8] = [
    "formats", "texts", "entries", "links", "told", "said", "groups", "inputs",
];

/// The function that runs one input of a target; None for a name that is none.
pub fn target(name: &str) -> Option<Box<dyn Fn(&[u8])>> {
    Some(match name {
        "formats" => boxed(Formats::new(), Formats::run),
        "texts" => Box::new(texts::run),
        "entries" => boxed(Organisation::new(), Organisation::run),
        "links" => boxed(Links::new(), Links::run),
        "told" => boxed(ToldFrames::new(), ToldFrames::run),
        "said" => boxed(Said::new(), Said::run),
        "groups" => boxed(Groups::new(), Groups::run),
        "inputs" => boxed(Inputs::new(), Inputs::run),
        _ => return None,
    })
}

fn boxed<T: 'static>(made: T, run: fn(&T, &[u8])) -> Box<dyn Fn(&[u8])> {
    Box::new(move |bytes| run(&made, bytes))
}
