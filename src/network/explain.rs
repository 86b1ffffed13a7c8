//! What each check proves, why it matters and what to do: the text of the documentation.

use super::Check;

/// One paragraph about `check`.
#[must_use]
pub const fn explain(check: Check) -> &'static str {
    match check {
        Check::EnvProxy => {
            "Finds the proxy that HTTPS_PROXY, ALL_PROXY and NO_PROXY (HTTP_PROXY with plain HTTP) put between this \
             machine and the registry, read as the HTTP client reads them. A proxy quietly turns a private path into a \
             public one: traffic is billed, throttled and inspected elsewhere. In the modes private and vpc-endpoint a \
             proxy in the way is a failure; add the registry's host to NO_PROXY. Credentials of a proxy are never \
             shown."
        }
        Check::DnsRegistry => {
            "Resolves the registry's name as every program on this machine does, hosts file included, and reads the \
             hosts file for lines that pin the name. A stale line survives every change of DNS and sends requests to \
             an address that is gone; a line in a file that the system does not read pins nothing. Correct the line \
             that is named, or the servers in resolv.conf. Through a proxy the check is skipped: the proxy resolves."
        }
        Check::AddressClass => {
            "Compares the resolved addresses with the declared mode: private wants RFC 1918, 100.64.0.0/10 or \
             unique-local IPv6, public wants global addresses, vpc-endpoint wants the declared endpoint, or private \
             addresses where none is declared. The name of a registry resolves differently inside and outside its \
             region, so this is where a declared path and the real one part. Correct name resolution, or the mode."
        }
        Check::Tcp => {
            "Opens a connection to every address of the registry, or to the proxy in front of it. Refused means that a \
             machine is there and nothing listens on the port; no answer means that a firewall, a security group or a \
             missing route swallows the packets. One dead address among several makes pulls fail now and then, which \
             is a warning."
        }
        Check::Tls => {
            "Completes a TLS handshake with the registry's name and verifies the certificate against this machine's \
             trusted roots and the registry's own `ca`. Tells an expired certificate, a wrong name, an unknown issuer \
             (an own certificate authority, or a proxy that opens the traffic) and a port that speaks plain HTTP from \
             one another. With `verify=false` nothing is proved, and the check warns."
        }
        Check::RegistryApi => {
            "Asks for /v2/ and expects an answer of the distribution specification. Load balancers, portals and \
             captive networks answer on port 443 with a valid certificate too: only this tells a registry from them. \
             Correct the host, or what stands in front of it."
        }
        Check::AuthToken => {
            "Asks the registry for the permissions that the migrations need: pull of sources, pull and push of \
             targets, one repository for each organization. Finds wrong credentials, a missing organization and a \
             missing right to push before the first blob is moved. Nothing is pulled, pushed or created."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_explained_in_one_paragraph() {
        for check in Check::ALL {
            let text = explain(check);
            assert!(text.ends_with('.') && !text.contains('\n') && !text.contains("  "), "{check}");
        }
    }
}
