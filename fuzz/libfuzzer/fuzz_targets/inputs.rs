#![no_main]
inmost_libfuzzer::fuzzed!("inputs");
