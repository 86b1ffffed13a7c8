//! Whom a handshake trusts, and a verifier that remembers what it saw.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::diag::Problem;
use crate::image::Digest;
use crate::network::certificate::Certificate;
use crate::registry::{TlsSettings, Verifier, client_config};

/// The HTTP client's configuration for some handshakes, and what they will show.
pub(super) fn config(settings: &TlsSettings) -> Result<(ClientConfig, Arc<Recorder>), Problem> {
    let mut config = client_config(settings, &[])?;
    let recorder = Arc::new(Recorder {
        verifier: settings.verifier(),
        verify: settings.verify,
        seen: OnceLock::new(),
        keys: Mutex::default(),
    });
    // Of a session that goes on no certificate is shown.
    config.resumption = Resumption::disabled();
    config.dangerous().set_certificate_verifier(Arc::<Recorder>::clone(&recorder));
    Ok((config, recorder))
}

/// Verifies as the HTTP client does and remembers certificate and verdict; with `verify` off it accepts all.
#[derive(Debug)]
pub(super) struct Recorder {
    verifier: Verifier,
    verify: bool,
    /// What the first handshake showed.
    seen: OnceLock<Seen>,
    /// Of every certificate that was taken.
    keys: Mutex<BTreeSet<Digest>>,
}

#[derive(Debug)]
pub(super) struct Seen {
    /// DER of the server's certificate.
    pub(super) certificate: Vec<u8>,
    pub(super) verdict: Result<(), Error>,
}

impl Recorder {
    /// None before the server showed a certificate.
    pub(super) fn seen(&self) -> Option<&Seen> {
        self.seen.get()
    }

    pub(super) fn keys(&self) -> BTreeSet<Digest> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn has_roots(&self) -> bool {
        self.verifier.has_roots()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let remembered = verdict.as_ref().map(|_| ()).map_err(Clone::clone);
        self.seen.get_or_init(|| Seen { certificate: end_entity.to_vec(), verdict: remembered });
        let taken = if self.verify { verdict } else { Ok(ServerCertVerified::assertion()) };
        if taken.is_ok() {
            let key = Certificate::parse(end_entity).map(|certificate| certificate.key);
            self.keys.lock().unwrap_or_else(PoisonError::into_inner).extend(key);
        }
        taken
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
