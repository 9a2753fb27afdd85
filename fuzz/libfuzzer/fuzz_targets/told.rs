#![no_main]
inmost_libfuzzer::fuzzed!("told");
