//! A commit in the log that this device cannot process: nothing more is sealed, the others are told, and it comes in anew.

use inmost_public::ids::{Conversation, Device, Head};
use inmost_public::log::Complaint;
use inmost_public::Refusal;

use crate::alarms::AlarmKind;
use crate::frames::Complain;
use crate::machine::Machine;
use crate::session::Asked;

impl Machine {
    pub(crate) fn cannot_process(
        &mut self,
        conversation: Conversation,
        head: Head,
        refusal: &Refusal,
    ) -> Result<(), Refusal> {
        let words = format!(
            "a commit at number {} that should not have been accepted: {}",
            head.n,
            refusal.code()
        );
        let by: Option<Device> = None;
        self.alarm(AlarmKind::CommitRefused, Some(conversation), by, &words);
        self.lost_race(conversation)?;
        let (me, state) = (self.me()?, &self.conv(conversation)?.state);
        let complaint = Complaint::sign(
            &self.keys()?.sig,
            me.org,
            conversation,
            state.group,
            state.epoch,
            head.n,
            refusal.code(),
            me.device,
        )
        .encode();
        self.ask(Asked::Complaint, |id| {
            Complain {
                id,
                conversation,
                complaint,
            }
            .into()
        });
        let is_invalid = matches!(
            refusal,
            Refusal::CommitInvalid | Refusal::StaleEpoch { .. } | Refusal::Corrupt | Refusal::Unknown
        );
        let state = &mut self.conv_mut(conversation)?.state;
        state.sealing_stopped = Some(refusal.code().to_owned());
        self.save_conv(conversation);
        // A commit that others could follow and this device could not: come in anew. One that is forbidden stays refused.
        if is_invalid {
            self.resync(conversation)?;
        }
        Ok(())
    }
}
