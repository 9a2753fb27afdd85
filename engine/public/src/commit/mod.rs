//! Commits: what one says about itself, and the one pure function that decides about it, for server and engine alike.

mod allowed;
mod build;
#[cfg(test)]
mod role_tests;
#[cfg(test)]
mod scenery;
#[cfg(test)]
mod tests;
mod view;

pub use allowed::{
    away_after, cause_covers, commit_allowed, commit_allowed_at, commit_allowed_now, may_join, settings_after,
};
pub use view::{AddView, CommitAad, CommitView, Committer, GroupFacts, GroupView, JoinerView, Pending, Roster};
