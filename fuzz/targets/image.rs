#![no_main]

use karat_fuzz::anatomy::exercise;

libfuzzer_sys::fuzz_target!(|data: &[u8]| exercise::image(data));
