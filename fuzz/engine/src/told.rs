//! A device that is told changed answers and events: it refuses or shows them, and goes on. It never panics.

use std::cell::RefCell;

use inmost_core::pack::{self, Value};

use crate::commands::commands;
use crate::script::{self, Script};
use crate::story::{refused, Fuzzed, Moment, Story};

/// Below: the place of an answer that is changed. From here on: a frame is told that nobody asked for.
const UNASKED: u8 = 128;
/// From here on: the answer at this place less REFUSED is a refusal.
const REFUSED: u8 = 192;
/// The frame that nobody asked for is scratched as bytes, too.
const SCRATCHED: u8 = u8::MAX;
const MOST_CHANGES: usize = 6;
/// What a server may refuse with and an engine does something about; the last is no code.
const CODES: [&str; 16] = [
    "StaleEpoch",
    "StaleChain",
    "DirectoryBehind",
    "DirectoryForked",
    "ClockSkewed",
    "SlowDown",
    "RemovalPending",
    "NotAMember",
    "NotAllowed",
    "ConversationExists",
    "Unknown",
    "NoKeyPackage",
    "Gone",
    "TooLarge",
    "Malformed",
    "",
];

pub struct ToldFrames {
    story: RefCell<Story>,
    commands: Vec<(&'static str, Value)>,
}

/// What to change: the place of an answer, or UNASKED and a frame of the story.
struct Change<'a> {
    place: u8,
    edits: &'a [u8],
}

impl ToldFrames {
    pub fn new() -> Self {
        let story = Story::new();
        ToldFrames {
            commands: commands(&story),
            story: RefCell::new(story),
        }
    }

    /// The moment and a command, then changes: a place, how many bytes of edits, the edits.
    pub fn run(&self, bytes: &[u8]) {
        let mut script = Script::new(bytes);
        let first = usize::from(script.byte());
        let moment = [Moment::Behind, Moment::Present, Moment::New, Moment::Returning][first % 4];
        let command = (first / 4)
            .checked_sub(1)
            .map(|which| &self.commands[which % self.commands.len()]);
        let mut changes = vec![];
        while !script.is_over() && changes.len() < MOST_CHANGES {
            let (place, len) = (script.byte(), script.byte());
            changes.push(Change {
                place,
                edits: script.take(usize::from(len)),
            });
        }
        let mut story = self.story.borrow_mut();
        let parts = std::mem::take(&mut story.parts);
        let mut device = story.device(moment);
        let edited = |place: usize, frame: &mut Value| {
            changes.iter().for_each(|change| change.answer(place, frame, &parts));
        };
        story.settle(&mut device, edited);
        if device.goes_on_after_return() {
            story.settle(&mut device, edited);
        }
        if let Some((name, arguments)) = command {
            device.command(name, arguments);
            story.settle(&mut device, edited);
        }
        for change in changes.iter().filter(|change| change.is_unasked()) {
            change.tell(&story, &mut device, &parts);
            story.settle(&mut device, edited);
        }
        // Links and gaps wait for a while; what failed is synced anew.
        device.tick(6_000);
        story.settle(&mut device, edited);
        device.tick(60_000);
        device.asks_nothing_more();
        story.parts = parts;
    }

    /// What a device sees that is told nothing wrong.
    pub fn gets_through(&self, moment: Moment, command: Option<&str>) -> Vec<(String, Value)> {
        let mut story = self.story.borrow_mut();
        let mut device = story.device(moment);
        story.settle(&mut device, |_, _| {});
        if device.goes_on_after_return() {
            story.settle(&mut device, |_, _| {});
        }
        let named = |(name, _): &&(&str, Value)| Some(*name) == command;
        if let Some((name, arguments)) = self.commands.iter().find(named) {
            device.command(name, arguments);
            story.settle(&mut device, |_, _| {});
        }
        device.events
    }
}

impl Change<'_> {
    fn is_unasked(&self) -> bool {
        (UNASKED..REFUSED).contains(&self.place) || self.place == SCRATCHED
    }

    /// Change the answer at this place.
    fn answer(&self, place: usize, frame: &mut Value, parts: &[Value]) {
        let mut script = Script::new(self.edits);
        if usize::from(self.place) == place {
            while !script.is_over() {
                script.edit(frame, parts);
            }
        } else if usize::from(self.place) == place + usize::from(REFUSED) && !self.is_unasked() {
            let re = frame
                .list()
                .ok()
                .and_then(|fields| fields.get(1)?.bytes().ok()?.try_into().ok());
            let code = CODES[script.below(CODES.len())];
            *frame = script::frame(&refused(re.unwrap_or([0; 16]), code).encode());
            while !script.is_over() {
                script.edit(frame, parts);
            }
        }
    }

    fn tell(&self, story: &Story, device: &mut Fuzzed, parts: &[Value]) {
        let mut script = Script::new(self.edits);
        let mut frame = story.told(&mut script);
        while !script.is_over() {
            script.edit(&mut frame, parts);
        }
        let mut bytes = pack::encode(&frame);
        if self.place == SCRATCHED {
            Script::new(self.edits).scratch(&mut bytes);
        }
        device.told(&bytes);
    }
}

impl Default for ToldFrames {
    fn default() -> Self {
        Self::new()
    }
}
