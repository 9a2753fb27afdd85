//! `step` and `view`: the whole of what a host calls. They only route.

use inmost_public::limits::MAX_FRAME_BYTES;
use inmost_public::Refusal;

use crate::frames::Told;
use crate::input::{Input, InputKind};
use crate::machine::Machine;
use crate::pack::{self, Value};
use crate::refused::Refused;
use crate::rows::Rows;

/// One device. Not to be called by two threads at once.
pub struct Engine {
    machine: Machine,
}

impl Engine {
    /// `rows`: the `state` table, empty for a new device. Corrupt when a row does not read.
    pub fn new(rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<Self, Refused> {
        Ok(Engine {
            machine: Machine::load(Rows::new(rows))?,
        })
    }

    /// Take one input, give its effects. An error changes nothing.
    pub fn step(&mut self, input: &[u8]) -> Result<Vec<u8>, Refused> {
        let input = Input::decode(input)?;
        let machine = &mut self.machine;
        machine.now = machine.now.max(input.now_ms);
        machine.seed(input.entropy);
        machine.out = Default::default();
        machine.session.asked_now.clear();
        match route(machine, input.kind).and_then(|()| machine.save_groups().map_err(Refused::from)) {
            Ok(()) => Ok(finish(machine)),
            Err(refused) => {
                machine.roll_back()?;
                Err(refused)
            }
        }
    }

    /// Read state; nothing changes.
    pub fn view(&mut self, question: &[u8]) -> Result<Vec<u8>, Refused> {
        let Value::Array(question) = pack::decode(question)? else {
            return Err(Refusal::Malformed.into());
        };
        let [name, arguments] = question.as_slice() else {
            return Err(Refusal::Malformed.into());
        };
        Ok(pack::encode(&self.machine.view(name.text()?, arguments)?))
    }
}

fn finish(machine: &mut Machine) -> Vec<u8> {
    let rows = machine.rows.commit();
    machine.is_directory_changed = false;
    let mut out = std::mem::take(&mut machine.out);
    out.rows
        .extend(rows.into_iter().map(|(key, value)| crate::effects::RowChange {
            table: "state",
            key,
            value,
        }));
    out.wake_at_ms = machine.next_wake_ms();
    out.encode()
}

fn route(machine: &mut Machine, input: InputKind) -> Result<(), Refused> {
    match input {
        InputKind::Connected => Ok(machine.connected()?),
        InputKind::Disconnected => {
            machine.disconnected();
            Ok(())
        }
        InputKind::Tick => Ok(machine.tick()?),
        InputKind::Frame(frame) => {
            if frame.len() > MAX_FRAME_BYTES {
                return Err(Refusal::TooLarge.into());
            }
            let told = Told::decode(&frame)?;
            if let Err(refusal) = machine.told(told).and_then(|()| machine.say_ready()) {
                // A frame that reads and cannot be followed: it did nothing, it is shown, and the sync begins anew.
                machine.roll_back()?;
                machine.start_over(&refusal);
            }
            Ok(())
        }
        InputKind::Command { id, name, arguments } => {
            if let Err(refused) = machine.command(id, &name, &arguments) {
                machine.roll_back()?;
                machine.drop_page(id);
                machine.refuse(id, refused);
            }
            Ok(())
        }
    }
}
