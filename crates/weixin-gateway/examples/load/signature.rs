//! Signatures by RS256 on all processors, and nothing else: no provider's logins can exceed them.

use std::{
    thread,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::RSA_PKCS1_SHA256,
};

/// How long each signature took, of as many threads as there are processors.
pub(crate) fn sign(end: Instant) -> Vec<Duration> {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let sign_until_the_end = || {
        let (random, mut signature) = (SystemRandom::new(), vec![0; key.public_modulus_len()]);
        let mut times = Vec::new();
        while Instant::now() < end {
            let began = Instant::now();
            key.sign(&RSA_PKCS1_SHA256, &random, &[0; 600], &mut signature)
                .unwrap();
            times.push(began.elapsed());
        }
        times
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().unwrap().get();
        let threads: Vec<_> = (0..threads)
            .map(|_| scope.spawn(sign_until_the_end))
            .collect();
        let times = threads.into_iter().map(|it| it.join().unwrap());
        times.flatten().collect()
    })
}
