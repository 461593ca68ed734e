//! The certification authority behind the demo's certificates, over loopback: its revocation list, its
//! answers about single certificates and its time stamps, so that a receipt's evidence is whole.

use std::path::PathBuf;

use super::city;
use super::folder::Folder;
use super::running::Service;
use crate::cli::key::CA_CERTIFICATE;
use crate::clock::Clock;
use crate::config::{Config, Evidence};
use crate::error::Result;
use crate::receipt::evidence::daily;
use crate::receipt::key::certificates_in;
use crate::simulator::authority;

pub struct Authority {
    running: authority::Authority,
    certificate: PathBuf,
}

impl Authority {
    /// Starts it with the folder's key, which is made at the first start.
    pub fn open(folder: &Folder) -> Result<Authority> {
        let key = city::authority(folder, Clock::System.now())?;
        let running = authority::Authority::start(key, Clock::System)?;
        Ok(Authority { running, certificate: folder.path().join(CA_CERTIFICATE) })
    }

    /// Tells the service of this start's addresses.
    pub fn connect(&self, config: &mut Config) {
        config.evidence = Evidence {
            crl_urls: vec![self.running.crl_url()],
            ocsp_urls: vec![self.running.ocsp_url()],
            timestamp_url: Some(self.running.timestamp_url()),
            timestamp_trust_file: Some(self.certificate.clone()),
            ..Evidence::default()
        };
    }

    /// Stamps the day that was shown, which a service does by itself in the night after it.
    pub fn stamp(&self, service: &Service) -> Result<()> {
        let app = &service.app;
        let authorities = certificates_in(&app.config.evidence.timestamp_trust()?)?;
        let stamp = app.stamp();
        daily::stamp_day(&app.store, &stamp, stamp.today(), &self.running.timestamp_url(), &authorities)?;
        Ok(())
    }
}
