#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weixin_fuzz::gateway::id_token_hint(data));
