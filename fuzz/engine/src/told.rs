//! A device that is told changed answers and events: it refuses or shows them, and goes on. It never panics.

use std::cell::RefCell;

use inmost_core::pack;

use crate::script::Script;
use crate::story::{Moment, Story};

/// The place of an answer beyond which a frame is told that nobody asked for.
const UNASKED: u8 = 128;
const MOST_CHANGES: usize = 6;

pub struct ToldFrames {
    story: RefCell<Story>,
}

/// What to change: the place of an answer, or UNASKED and a frame of the story.
struct Change<'a> {
    place: u8,
    edits: &'a [u8],
}

impl ToldFrames {
    pub fn new() -> Self {
        ToldFrames {
            story: RefCell::new(Story::new()),
        }
    }

    /// The moment, then changes: a place, how many bytes of edits, the edits.
    pub fn run(&self, bytes: &[u8]) {
        let mut script = Script::new(bytes);
        let moment = [Moment::Behind, Moment::Present, Moment::New, Moment::Returning][script.below(4)];
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
        let edited = |place: usize, frame: &mut pack::Value| {
            for change in changes.iter().filter(|change| usize::from(change.place) == place) {
                let mut script = Script::new(change.edits);
                while !script.is_over() {
                    script.edit(frame, &parts);
                }
            }
        };
        story.settle(&mut device, edited);
        for change in changes.iter().filter(|change| change.place >= UNASKED) {
            let mut script = Script::new(change.edits);
            let mut frame = story.told(&mut script);
            while !script.is_over() {
                script.edit(&mut frame, &parts);
            }
            let mut bytes = pack::encode(&frame);
            if change.place == u8::MAX {
                Script::new(change.edits).scratch(&mut bytes);
            }
            device.told(&bytes);
            story.settle(&mut device, |_, _| {});
        }
        // Links and gaps wait for a while; what failed is synced anew.
        device.tick(6_000);
        story.settle(&mut device, |_, _| {});
        device.tick(60_000);
        device.asks_nothing_more();
        story.parts = parts;
    }
}

impl Default for ToldFrames {
    fn default() -> Self {
        Self::new()
    }
}
