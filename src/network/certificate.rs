//! What people ask of a certificate: who issued it, to whom, until when. Verifies nothing; that is the TLS library's.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::diag::{Wording, say};
use crate::image::Digest;

/// Names, key and end of validity of an X.509 certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Common name, or else organization.
    pub issuer: Wording,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// Issuer and subject are the same.
    pub is_self_issued: bool,
    /// SHA-256 of its `SubjectPublicKeyInfo`: stays the same when a certificate is renewed for the same key.
    pub key: Digest,
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];

impl Certificate {
    /// Reads a certificate in DER (RFC 5280, section 4.1).
    #[must_use]
    pub fn parse(der: &[u8]) -> Option<Self> {
        let mut certificate = Reader(Reader(der).value(SEQUENCE)?);
        let mut body = Reader(certificate.value(SEQUENCE)?);
        if body.0.first() == Some(&VERSION) {
            body.next()?;
        }
        let (_serial, _algorithm) = (body.next()?, body.next()?);
        let issuer = body.value(SEQUENCE)?;
        let mut validity = Reader(body.value(SEQUENCE)?);
        let not_before = time(validity.next()?)?;
        let not_after = time(validity.next()?)?;
        let subject = body.value(SEQUENCE)?;
        let is_self_issued = issuer == subject;
        let rest = body.0;
        body.value(SEQUENCE)?;
        let key = Digest::sha256(&rest[..rest.len() - body.0.len()]);
        Some(Self { issuer: name(issuer), not_before, not_after, is_self_issued, key })
    }
}

/// The best-known part of a distinguished name; made by strangers, so shortened and without control characters.
fn name(sequence: &[u8]) -> Wording {
    const SHOWN: usize = 80;
    let find = |wanted: &[u8]| attributes(sequence).find(|(oid, _)| *oid == wanted).map(|(_, value)| value);
    let text = find(COMMON_NAME).or_else(|| find(ORGANIZATION)).unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let text: String = text.chars().filter(|char| !char.is_control()).take(SHOWN).collect();
    if text.is_empty() { say!("(no name)", "（没有名字）") } else { Wording::foreign(text) }
}

/// Object identifiers and values of a distinguished name.
fn attributes(sequence: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut sets = Reader(sequence);
    std::iter::from_fn(move || sets.next()).filter_map(|(_, set)| {
        let mut attribute = Reader(Reader(set).value(SEQUENCE)?);
        Some((attribute.next()?.1, attribute.next()?.1))
    })
}

/// `YYMMDDhhmmssZ` (two-digit years end in 2049) or `YYYYMMDDhhmmssZ`.
fn time((tag, text): (u8, &[u8])) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let text = match tag {
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        _ => text.to_owned(),
    };
    let moment = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Reads tag, length and value, one after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn value(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, value)| value)
    }

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk()?;
        let (length, rest) = match first {
            ..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

    use super::*;

    fn issued() -> Vec<u8> {
        issued_for(&KeyPair::generate().unwrap())
    }

    fn issued_for(key: &KeyPair) -> Vec<u8> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::OrganizationName, "Corp");
        authority.distinguished_name.push(DnType::CommonName, "Corp Inspection\u{7} CA");
        let authority = Issuer::new(authority, KeyPair::generate().unwrap());
        let mut params = CertificateParams::new(["swr.corp.example".to_owned()]).unwrap();
        params.not_after = date_time_ymd(2051, 2, 3);
        params.signed_by(key, &authority).unwrap().der().to_vec()
    }

    #[test]
    fn a_renewed_certificate_has_the_key_that_it_had() {
        let key = KeyPair::generate().unwrap();
        let read = |der: Vec<u8>| Certificate::parse(&der).unwrap().key;
        let info = rcgen::PublicKeyData::subject_public_key_info(&key);
        assert_eq!([read(issued_for(&key)), read(issued_for(&key))], [Digest::sha256(&info), Digest::sha256(&info)]);
        assert_ne!(read(issued()), Digest::sha256(&info));
    }

    #[test]
    fn issuer_and_end_are_read() {
        let certificate = Certificate::parse(&issued()).unwrap();
        assert_eq!(certificate.issuer.english(), "Corp Inspection CA");
        assert_eq!(certificate.not_after.to_string(), "2051-02-03T00:00:00Z");
        assert!(!certificate.is_self_issued);
    }

    #[test]
    fn two_digit_years_end_in_2049() {
        let read = |text: &str| time((UTC_TIME, text.as_bytes())).unwrap().to_string();
        assert_eq!(read("490101000000Z"), "2049-01-01T00:00:00Z");
        assert_eq!(read("500101000000Z"), "1950-01-01T00:00:00Z");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Certificate::parse(&bytes);
        }

        #[test]
        fn a_damaged_certificate_is_read_without_a_panic(at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
            let mut bytes = issued();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = Certificate::parse(&bytes);
            let _ = Certificate::parse(&bytes[..cut.index(bytes.len())]);
        }
    }
}
