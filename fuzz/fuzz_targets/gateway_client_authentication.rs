#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weixin_fuzz::gateway::client_authentication(data));
