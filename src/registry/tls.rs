//! TLS to a registry: the system's authorities and those the project file names, and the
//! client's own certificate where it has one.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::model::registry::RegistrySettings;

/// Reads the material. The error is the end of a sentence, without any of its contents.
pub(super) fn client_config(settings: &RegistrySettings) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = builder.with_root_certificates(roots(settings.ca.as_deref())?);
    match (&settings.cert, &settings.key) {
        (Some(cert), Some(key)) => {
            let chain = certificates(cert)?;
            let key = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| format!("the key {} cannot be read: {error}", key.display()))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("certificate and key do not fit: {error}"))
        }
        _ => Ok(builder.with_no_client_auth()),
    }
}

/// Blobs often lie on another host than the registry: the system's authorities count too.
fn roots(ca: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = system().clone();
    if let Some(ca) = ca {
        for certificate in certificates(ca)? {
            roots
                .add(certificate)
                .map_err(|error| format!("{} is no authority: {error}", ca.display()))?;
        }
    }
    Ok(roots)
}

/// Read once: there are more than a hundred of them.
fn system() -> &'static RootCertStore {
    static SYSTEM: OnceLock<RootCertStore> = OnceLock::new();
    SYSTEM.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        for certificate in rustls_native_certs::load_native_certs().certs {
            // One odd certificate among the system's must not spoil the rest.
            let _ = roots.add(certificate);
        }
        roots
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |error: &dyn std::fmt::Display| {
        format!("the certificate {} cannot be read: {error}", path.display())
    };
    let all: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(|error| wrong(&error))?
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(&error))?;
    if all.is_empty() {
        return Err(wrong(&"there is none in it"));
    }
    Ok(all)
}
