//! A mini program's encrypted profile, decrypted and checked; compared with the least that it can cost: base64,
//! AES-128-CBC and one pass over the JSON.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;

use aes::Aes128;
use cbc::{
    Decryptor, Encryptor,
    cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7},
};
use criterion::{Criterion, criterion_group, criterion_main};
use data_encoding::BASE64;
use serde::Deserialize;
use weixin::{
    AppSecret, MiniProgram,
    mini_program::{EncryptedData, SessionKey},
};

const APP: &str = "wx0123456789abcde2";
const KEY: [u8; 16] = *b"0123456789abcdef";
const IV: [u8; 16] = *b"abcdefghijklmnop";
const PROFILE: &str = r#"{"openId":"oKscDDNLo66EpN5DXZ_ssb_dSBp6","nickName":"小明","gender":0,"language":"zh_CN","city":"","province":"","country":"","avatarUrl":"https:\/\/thirdwx.qlogo.cn\/mmopen\/vi_32\/weixinsim0123456789weixinsim0123456789weixinsim0123456789\/132","unionId":"oviR-0ujiC7OLI45s0xt0ja1-YSI","watermark":{"timestamp":1893456000,"appid":"wx0123456789abcde2"}}"#;

#[derive(Deserialize)]
struct Profile {
    #[serde(rename = "openId")]
    openid: String,
}

fn payload(criterion: &mut Criterion) {
    let encrypted = Encryptor::<Aes128>::new(&KEY.into(), &IV.into())
        .encrypt_padded_vec::<Pkcs7>(PROFILE.as_bytes());
    let data = EncryptedData {
        encrypted_data: BASE64.encode(&encrypted),
        iv: BASE64.encode(&IV),
    };
    let key = SessionKey::new(BASE64.encode(&KEY)).unwrap();
    let app = MiniProgram::new(APP.parse().unwrap(), AppSecret::new("s").unwrap()).unwrap();
    let mut group = criterion.benchmark_group("payload");
    group.bench_function("weixin", |bencher| {
        bencher.iter(|| app.decrypt_profile(&key, black_box(&data)).unwrap());
    });
    group.bench_function("aes_and_json", |bencher| {
        bencher.iter(|| {
            let data = black_box(&data).encrypted_data.as_bytes();
            let mut data = BASE64.decode(data).unwrap();
            let plain = Decryptor::<Aes128>::new(&KEY.into(), &IV.into())
                .decrypt_padded::<Pkcs7>(&mut data)
                .unwrap();
            let profile: Profile = serde_json::from_slice(plain).unwrap();
            profile.openid
        });
    });
}

criterion_group!(benches, payload);
criterion_main!(benches);
