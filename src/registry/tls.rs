//! Whom to trust, and who we are, on TLS connections.

use std::sync::{Arc, LazyLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};

use super::Verifier;
use crate::diag::{Problem, Wording, say};

/// How connections to a registry are secured.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// No TLS at all.
    pub plain_http: bool,
    /// `false` takes any certificate.
    pub verify: bool,
    /// Trusted besides the system's.
    pub trusted: TrustedCertificates,
    pub client_certificate: Option<ClientCertificate>,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self { plain_http: false, verify: true, trusted: TrustedCertificates::default(), client_certificate: None }
    }
}

impl TlsSettings {
    /// Trusts the system's authorities and the registry's own.
    pub(crate) fn verifier(&self) -> Verifier {
        let named = self.trusted.0.clone();
        let roots = move || {
            let mut roots = SYSTEM_ROOTS.clone();
            roots.add_parsable_certificates(named);
            roots
        };
        Verifier::new(roots, self.trusted.0.clone(), Arc::clone(&PROVIDER))
    }
}

/// Why a PEM file does not hold what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.wording().english())]
pub enum PemError {
    Malformed,
    NoCertificate,
    NoKey,
    BadCertificate,
    Mismatch,
}

impl PemError {
    /// A verb phrase about the file.
    #[must_use]
    pub const fn wording(self) -> Wording {
        match self {
            Self::Malformed => say!("is not well-formed PEM", "不是格式正确的 PEM"),
            Self::NoCertificate => say!("holds no certificate", "里面没有证书"),
            Self::NoKey => say!("holds no private key", "里面没有私钥"),
            Self::BadCertificate => say!("holds a certificate that is not one", "里面的证书无效"),
            Self::Mismatch => {
                say!("holds a certificate and a private key that do not fit together", "里面的证书与私钥不匹配")
            }
        }
    }
}

/// Certificates of authorities.
#[derive(Clone, Debug, Default)]
pub struct TrustedCertificates(Vec<CertificateDer<'static>>);

impl TrustedCertificates {
    /// # Errors
    /// When there is no certificate, or one that cannot be an authority's.
    pub fn from_pem(pem: &[u8]) -> Result<Self, PemError> {
        let certificates = certificates(pem)?;
        let mut store = RootCertStore::empty();
        certificates.iter().try_for_each(|der| store.add(der.clone())).map_err(|_| PemError::BadCertificate)?;
        Ok(Self(certificates))
    }
}

/// A certificate chain and its private key, shown to the registry.
#[derive(Clone)]
pub struct ClientCertificate {
    chain: Vec<CertificateDer<'static>>,
    key: Arc<PrivateKeyDer<'static>>,
}

impl ClientCertificate {
    /// # Errors
    /// When chain or key are missing, or do not fit together.
    pub fn from_pem(pem: &[u8]) -> Result<Self, PemError> {
        let chain = certificates(pem)?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
            rustls_pki_types::pem::Error::NoItemsFound => PemError::NoKey,
            _ => PemError::Malformed,
        })?;
        let signer = PROVIDER.key_provider.load_private_key(key.clone_key()).map_err(|_| PemError::NoKey)?;
        let certified = rustls::sign::CertifiedKey::new(chain.clone(), signer);
        match certified.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
                Ok(Self { chain, key: Arc::new(key) })
            }
            Err(_) => Err(PemError::Mismatch),
        }
    }
}

impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCertificate").field("chain", &self.chain.len()).finish_non_exhaustive()
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|_| PemError::Malformed)?;
    if certificates.is_empty() { Err(PemError::NoCertificate) } else { Ok(certificates) }
}

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));

/// Read once a process; a machine without any is fine as long as nobody speaks TLS.
static SYSTEM_ROOTS: LazyLock<RootCertStore> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
});

/// Code of the problem that certificates or keys cannot be used, or their files not be read.
pub const TLS_SETTINGS: &str = "tls-settings";

/// A configuration that offers `protocols` (ALPN), most wanted first.
pub(crate) fn client_config(settings: &TlsSettings, protocols: &[&[u8]]) -> Result<ClientConfig, Problem> {
    let invalid = |error: rustls::Error| {
        Problem::new(TLS_SETTINGS, say!("the TLS settings do not work: {error}", "TLS 设置不可用：{error}", error))
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER));
    let builder = builder.with_safe_default_protocol_versions().map_err(invalid)?;
    let builder = if settings.verify {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(settings.verifier()))
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(TakesAnyCertificate))
    };
    let mut config = match &settings.client_certificate {
        Some(own) => builder.with_client_auth_cert(own.chain.clone(), own.key.clone_key()).map_err(invalid)?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

/// `verify=false`: encrypted, but to whom is anybody's guess.
#[derive(Debug)]
struct TakesAnyCertificate;

impl ServerCertVerifier for TakesAnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &PROVIDER.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &PROVIDER.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn what_is_missing_is_named() {
        let (certificate, key) = pem();
        let (_, other_key) = pem();
        assert!(TrustedCertificates::from_pem(certificate.as_bytes()).is_ok());
        assert_eq!(TrustedCertificates::from_pem(b"nothing").unwrap_err(), PemError::NoCertificate);
        assert_eq!(TrustedCertificates::from_pem(key.as_bytes()).unwrap_err(), PemError::NoCertificate);
        let client = |text: String| ClientCertificate::from_pem(text.as_bytes());
        assert!(client(certificate.clone() + &key).is_ok());
        assert!(client(key.clone() + &certificate).is_ok());
        assert_eq!(client(certificate.clone()).unwrap_err(), PemError::NoKey);
        assert_eq!(client(certificate + &other_key).unwrap_err(), PemError::Mismatch);
    }

    #[test]
    fn debug_shows_no_key() {
        let (certificate, key) = pem();
        let client = ClientCertificate::from_pem((certificate + &key).as_bytes()).unwrap();
        assert_eq!(format!("{client:?}"), "ClientCertificate { chain: 1, .. }");
    }
}
