//! SWR's long-term login, derived from an access key without asking anybody (Huawei Cloud, "Obtaining a long-term
//! login command"): user `<region>@<AK>`, password `hex(HMAC-SHA256(key = SK, message = AK))`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Credentials;
use crate::registry::Secret;

#[must_use]
pub fn login(region: &str, access_key: &str, secret_key: &Secret) -> Credentials {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret_key.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(access_key.as_bytes());
    let password = Secret::new(hex::encode(mac.finalize().into_bytes()));
    Credentials::Basic { username: format!("{region}@{access_key}"), password }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn password(access_key: &str, secret_key: &str) -> String {
        match login("cn-north-4", access_key, &Secret::new(secret_key)) {
            Credentials::Basic { username, password } => {
                assert_eq!(username, format!("cn-north-4@{access_key}"));
                password.expose().to_owned()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn follows_a_vector_made_with_openssl() {
        let expected = "65d48f8d4fda2b2922e9234563164a4ca2f99f1ab62a48d51bfae794656e108f";
        assert_eq!(password("AKEXAMPLE0123456789A", "sk-example-0123456789-abcdefghij-ABCDEFG"), expected);
    }

    #[test]
    fn agrees_with_the_openssl_program() {
        for (access_key, secret_key) in
            [("A", "b"), ("AK7QJ0ZP1X2Y3W4V5U6T", "a/+=secret key"), ("x", &"k".repeat(200))]
        {
            let command = "printf %s \"$1\" | openssl dgst -sha256 -hmac \"$2\" -r | cut -d' ' -f1";
            let output = Command::new("sh").args(["-c", command, "sh", access_key, secret_key]).output().unwrap();
            assert!(output.status.success(), "openssl must be installed: {}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(password(access_key, secret_key), String::from_utf8_lossy(&output.stdout).trim());
        }
    }
}
