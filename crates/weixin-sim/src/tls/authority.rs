//! A certificate authority for WeChat's hosts and the local machine only.

use std::{
    fmt, fs, io,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use data_encoding::BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PublicKeyData,
};
use sha2::{Digest, Sha256};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
    },
};

use crate::{clock::system_time, hosts::WECHAT_HOSTS};

const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca-key.pem";

/// Name constraints: a stolen key cannot sign for other domains.
const DOMAINS: [&str; 4] = ["weixin.qq.com", "wx.qq.com", "qlogo.cn", "localhost"];

const DAY: Duration = Duration::from_hours(24);

/// A certificate authority for WeChat's host names, to be trusted by the program under test.
///
/// It is constrained to WeChat's domains, `localhost` and 127.0.0.0/8, and its key is never printed.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
    pem: String,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// Creates a temporary authority, kept in memory only.
    ///
    /// # Errors
    ///
    /// If no key can be generated.
    pub fn new() -> io::Result<Self> {
        Self::from_key(KeyPair::generate().map_err(io::Error::other)?)
    }

    /// Loads the authority from a directory, or creates it there: `ca.pem` to trust, and `ca-key.pem`, readable
    /// by its owner only.
    ///
    /// # Errors
    ///
    /// If the directory cannot be read or written, if its key is invalid or readable by other users, or if its
    /// certificate is not that of the key.
    pub fn kept_in(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let key_file = directory.join(KEY);
        let mut authority = match fs::read(&key_file) {
            Ok(pem) => {
                check_private(&key_file)?;
                let pem = String::from_utf8(pem).map_err(|_| not_a_key(&key_file))?;
                let key = KeyPair::from_pem(&pem).map_err(|_| not_a_key(&key_file))?;
                Self::from_key(key)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let authority = Self::new()?;
                write_private(&key_file, &authority.issuer.key().serialize_pem())?;
                authority
            }
            Err(error) => return Err(error),
        };
        let certificate = directory.join(CERTIFICATE);
        match fs::read(&certificate) {
            // The signature differs at each start, the authority does not. Keep the file that clients already
            // trust.
            Ok(pem) => authority.pem = authority.own_certificate(pem, &certificate)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::write(&certificate, &authority.pem)?;
            }
            Err(error) => return Err(error),
        }
        Ok(authority)
    }

    /// Checks that a certificate is the one of this key: clients that trust another one reject all connections.
    fn own_certificate(&self, pem: Vec<u8>, file: &Path) -> io::Result<String> {
        let key = self.issuer.key().subject_public_key_info();
        let contains_key = |certificate: &CertificateDer<'_>| {
            let mut parts = certificate.windows(key.len());
            parts.any(|part| part == key)
        };
        let certificate = CertificateDer::from_pem_slice(&pem).ok();
        let is_own = certificate.as_ref().is_some_and(contains_key);
        let text = String::from_utf8(pem).ok().filter(|_| is_own);
        text.ok_or_else(|| {
            let text = format!(
                "{}: not the certificate of {KEY} in PEM; remove the file to get a new one",
                file.display()
            );
            io::Error::new(io::ErrorKind::InvalidData, text)
        })
    }

    fn from_key(key: KeyPair) -> io::Result<Self> {
        let params = authority_params();
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(Self {
            pem: certificate.pem(),
            certificate,
            issuer: Issuer::new(params, key),
        })
    }

    /// Certificate in PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.pem
    }

    /// SHA-256 of the public key in base64, for Chromium's `--ignore-certificate-errors-spki-list`.
    pub fn spki_sha256(&self) -> String {
        let digest = Sha256::digest(self.issuer.key().subject_public_key_info());
        BASE64.encode(&digest)
    }

    /// Creates a TLS acceptor for all of WeChat's hosts, with a new key that is not stored.
    pub(super) fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = server_params()
            .and_then(|params| params.signed_by(&key, &self.issuer))
            .map_err(io::Error::other)?;
        let chain = vec![certificate.der().clone(), self.certificate.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
                .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, "weixin sim (not WeChat)");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let domains = DOMAINS.map(|domain| GeneralSubtree::DnsName(domain.to_owned()));
    let loopback = GeneralSubtree::IpAddress(CidrSubnet::V4([127, 0, 0, 0], [255, 0, 0, 0]));
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: domains.into_iter().chain([loopback]).collect(),
        excluded_subtrees: Vec::new(),
    });
    // Fixed dates, so that a stored authority is the same at every start.
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2046, 1, 1);
    params
}

/// Valid for less than the 398 days that operating systems accept.
fn server_params() -> Result<CertificateParams, rcgen::Error> {
    let hosts = WECHAT_HOSTS.into_iter().chain(["localhost"]);
    let mut params = CertificateParams::new(hosts.map(str::to_owned).collect::<Vec<_>>())?;
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    params
        .subject_alt_names
        .push(rcgen::SanType::IpAddress(address));
    params
        .distinguished_name
        .push(DnType::CommonName, "weixin sim");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = system_time();
    params.not_before = (now - DAY).into();
    params.not_after = (now + 90 * DAY).into();
    Ok(params)
}

fn not_a_key(file: &Path) -> io::Error {
    let text = format!(
        "{}: not a private key in PEM; remove the directory to get a new one",
        file.display()
    );
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// Rejects a key that other users can read: they could impersonate WeChat to programs that trust the certificate.
#[cfg(unix)]
fn check_private(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(file)?.permissions().mode() & 0o777;
    let others = mode % 0o100;
    if others == 0 {
        return Ok(());
    }
    let text = format!(
        "{}: other users can read this key (mode {mode:o}); run `chmod 600` on it if they have not, or remove the \
         directory to get a new one",
        file.display()
    );
    Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
fn check_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Creates a file that only its owner can read.
fn write_private(file: &Path, text: &str) -> io::Result<()> {
    use io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(file)?.write_all(text.as_bytes())
}
