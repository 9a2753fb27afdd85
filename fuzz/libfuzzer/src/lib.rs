//! The targets of fuzz/engine under libFuzzer. Each is built at the first input, once.

pub use inmost_fuzz::target;
pub use libfuzzer_sys::fuzz_target;

/// The whole of a target's program.
#[macro_export]
macro_rules! fuzzed {
    ($name:literal) => {
        thread_local! {
            static RUN: Box<dyn Fn(&[u8])> = match $crate::target($name) {
                Some(run) => run,
                None => unreachable!("no such target"),
            };
        }
        $crate::fuzz_target!(|bytes: &[u8]| RUN.with(|run| run(bytes)));
    };
}
