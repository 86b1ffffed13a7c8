//! Whether a server's certificate is to be trusted.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::network::certificate::Certificate;

/// Trusts what authorities issued. A certificate that the user names (`ca=`) and the server shows is trusted as it is:
/// the self-signed ones of private registries are authorities by their own account, which a chain may not end in.
#[derive(Debug)]
pub(crate) struct Verifier {
    /// `None` without any authority. The authorities are read when the first certificate is to be judged: the system's
    /// are many, and over plain HTTP nobody needs them.
    chains: LazyLock<Chains, Box<dyn FnOnce() -> Chains + Send>>,
    named: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

type Chains = Option<Arc<WebPkiServerVerifier>>;

impl Verifier {
    pub(super) fn new(
        roots: impl FnOnce() -> RootCertStore + Send + 'static,
        named: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Self {
        let algorithms = Arc::clone(&provider);
        // Fails without any root only: nothing but what is named can be trusted then.
        let chains = move || WebPkiServerVerifier::builder_with_provider(Arc::new(roots()), algorithms).build().ok();
        Self { chains: LazyLock::new(Box::new(chains)), named, provider }
    }

    pub(crate) fn has_roots(&self) -> bool {
        self.chains.is_some()
    }
}

/// A named certificate must still be for this server, and valid today.
fn verify_named(certificate: &CertificateDer<'_>, server: &ServerName<'_>, now: UnixTime) -> Result<(), Error> {
    verify_server_name(&ParsedCertificate::try_from(certificate)?, server)?;
    let validity = Certificate::parse(certificate).ok_or(CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    match now {
        Some(now) if now > validity.not_after => Err(CertificateError::Expired.into()),
        Some(now) if now < validity.not_before => Err(CertificateError::NotValidYet.into()),
        _ => Ok(()),
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.named.contains(end_entity) {
            return verify_named(end_entity, server_name, now).map(|()| ServerCertVerified::assertion());
        }
        match &*self.chains {
            Some(chains) => chains.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(named: bool, server: &'static str, now: u64) -> Result<(), Error> {
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let trusted = if named { vec![certificate.clone()] } else { vec![] };
        let verifier = Verifier::new(|| roots, trusted, Arc::new(rustls::crypto::ring::default_provider()));
        let server = ServerName::try_from(server).unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now));
        verifier.verify_server_cert(&certificate, &[], &server, &[], now).map(|_| ())
    }

    const IN_2025: u64 = 1_750_000_000;

    #[test]
    fn a_self_signed_authority_is_taken_only_where_it_is_named() {
        assert!(verdict(true, "localhost", IN_2025).is_ok());
        assert!(verdict(false, "localhost", IN_2025).is_err());
    }

    #[test]
    fn a_named_certificate_is_for_its_names_and_its_time_only() {
        assert!(verdict(true, "elsewhere", IN_2025).is_err());
        assert_eq!(verdict(true, "localhost", 1_500_000_000), Err(CertificateError::NotValidYet.into()));
        assert_eq!(verdict(true, "localhost", 2_000_000_000), Err(CertificateError::Expired.into()));
    }
}
