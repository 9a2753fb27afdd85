//! Who had a leaf in which epoch: every device's spans of epochs, and at which log numbers removals stand.

use std::collections::BTreeMap;

use inmost_public::ids::Device;
use inmost_public::settings::Settings;
use serde::{Deserialize, Serialize};

/// What the commit that led to an epoch changed; one row for each epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochChange {
    /// Where the commit stands in the log.
    pub n: u64,
    pub committer: Option<Device>,
    pub joined: Vec<Device>,
    pub left: Vec<Device>,
    /// True where `joined` is everybody and says nothing of earlier epochs: the epoch this device's knowledge starts with.
    pub is_start: bool,
    /// The settings from this epoch on, where they changed or knowledge starts.
    #[serde(default)]
    pub settings: Option<serde_bytes::ByteBuf>,
    /// The directory number that the commit names: by whose roles what follows is judged.
    #[serde(default)]
    pub dir_n: u64,
}

/// The rosters of all epochs that are known.
#[derive(Clone, Debug, Default)]
pub struct RosterHistory {
    /// By device: epochs from (included) to (excluded; none: still there).
    spans: BTreeMap<Device, Vec<(u64, Option<u64>)>>,
    /// (n, epoch it led to) of each commit that removed a leaf.
    removals: Vec<(u64, u64)>,
    /// Log number to epoch it led to, for all commits known.
    commits: BTreeMap<u64, u64>,
    first: Option<u64>,
    /// By the epoch from which on they are in force.
    settings: BTreeMap<u64, Settings>,
    /// By epoch: the directory number that its commit names.
    dirs: BTreeMap<u64, u64>,
}

impl RosterHistory {
    pub fn from_changes(changes: impl IntoIterator<Item = (u64, EpochChange)>) -> Self {
        let mut history = RosterHistory::default();
        for (epoch, change) in changes {
            history.add(epoch, &change);
        }
        history
    }

    /// Epochs come in order. A start in the middle (a resync after which the commits between are not known) closes what was open.
    pub fn add(&mut self, epoch: u64, change: &EpochChange) {
        if change.is_start {
            for spans in self.spans.values_mut() {
                close(spans, epoch);
            }
        }
        for device in &change.left {
            if let Some(spans) = self.spans.get_mut(device) {
                close(spans, epoch);
            }
        }
        for device in &change.joined {
            self.spans.entry(*device).or_default().push((epoch, None));
        }
        if !change.left.is_empty() {
            self.removals.push((change.n, epoch));
        }
        self.commits.insert(change.n, epoch);
        self.dirs.insert(epoch, change.dir_n);
        if let Some(settings) = change.settings.as_ref().and_then(|bytes| Settings::decode(bytes).ok()) {
            self.settings.insert(epoch, settings);
        }
        self.first = Some(self.first.map_or(epoch, |first| first.min(epoch)));
    }

    /// None where the epoch is older than what is known.
    pub fn has(&self, epoch: u64, device: Device) -> Option<bool> {
        if self.first? > epoch {
            return None;
        }
        let is_in = |(from, to): &(u64, Option<u64>)| *from <= epoch && to.is_none_or(|to| epoch < to);
        Some(self.spans.get(&device).is_some_and(|spans| spans.iter().any(is_in)))
    }

    /// Whether a commit before log number n removed a leaf after this epoch: what was sealed in it is refused from there on.
    pub fn is_past(&self, epoch: u64, n: u64) -> bool {
        self.removals
            .iter()
            .rev()
            .any(|(at, led_to)| *at < n && *led_to > epoch)
    }

    /// What stood before any change that is known: of a device whose rows are older than this knowledge.
    pub fn suppose(&mut self, settings: Settings) {
        if self.settings.is_empty() {
            self.settings.insert(0, settings);
        }
    }

    /// The settings in force for what stands at log number n, and the directory number that their commit names.
    pub fn rules_at(&self, n: u64) -> Option<(&Settings, u64)> {
        let epoch = self.commits.range(..n).next_back().map_or(0, |(_, epoch)| *epoch);
        let in_force = self
            .settings
            .range(..=epoch)
            .next_back()
            .or(self.settings.first_key_value());
        in_force.map(|(_, settings)| (settings, self.dirs.get(&epoch).copied().unwrap_or(0)))
    }

    /// The epoch that the commit at log number n led to.
    pub fn epoch_at(&self, n: u64) -> Option<u64> {
        self.commits.get(&n).copied()
    }
}

fn close(spans: &mut [(u64, Option<u64>)], epoch: u64) {
    if let Some(last) = spans.last_mut().filter(|(_, to)| to.is_none()) {
        last.1 = Some(epoch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(n: u64, joined: &[u8], left: &[u8], is_start: bool) -> EpochChange {
        let devices = |ids: &[u8]| ids.iter().map(|id| Device([*id; 16])).collect();
        EpochChange {
            n,
            committer: None,
            joined: devices(joined),
            left: devices(left),
            is_start,
            settings: None,
            dir_n: 0,
        }
    }

    #[test]
    fn a_device_is_in_the_epochs_between_its_coming_and_going() {
        let changes = [
            (3, change(10, &[1, 2], &[], true)),
            (4, change(20, &[3], &[], false)),
            (5, change(30, &[], &[2], false)),
            (6, change(40, &[2], &[], false)),
        ];
        let history = RosterHistory::from_changes(changes);
        let has = |epoch, device| history.has(epoch, Device([device; 16]));
        assert_eq!(has(2, 1), None);
        assert_eq!(
            (has(3, 2), has(4, 2), has(5, 2), has(6, 2)),
            (Some(true), Some(true), Some(false), Some(true))
        );
        assert_eq!((has(3, 3), has(4, 3), has(9, 3)), (Some(false), Some(true), Some(true)));
        assert!(history.is_past(4, 31) && !history.is_past(4, 30) && !history.is_past(5, 31));
        assert_eq!(history.epoch_at(20), Some(4));
    }

    #[test]
    fn settings_are_those_in_force_where_something_was_said() {
        let owner = inmost_public::ids::User([1; 32]);
        let silent = Settings::new(inmost_public::settings::ConversationKind::Channel, owner);
        let loud = Settings {
            announcement: true,
            version: 2,
            ..silent.clone()
        };
        let with = |n, settings: Option<&Settings>, dir_n| EpochChange {
            settings: settings.map(|settings| settings.encode().into()),
            dir_n,
            ..change(n, &[], &[], false)
        };
        let mut history = RosterHistory::from_changes([
            (0, with(0, Some(&silent), 3)),
            (1, with(10, None, 4)),
            (2, with(20, Some(&loud), 5)),
        ]);
        assert_eq!(history.rules_at(10), Some((&silent, 3)));
        assert_eq!(history.rules_at(20), Some((&silent, 4)));
        assert_eq!(history.rules_at(21), Some((&loud, 5)));
        history.suppose(loud);
        assert_eq!(history.rules_at(1).unwrap().0, &silent);
    }
}
