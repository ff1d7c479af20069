//! What `doctor` says of vendors: credentials by their form, the mail server by
//! calling it. No message is sent and no vendor's quota is touched.

use std::sync::Arc;

use super::Finding;
use crate::base::{SharedClock, SystemClock, SystemEntropy};
use crate::config::Config;
use crate::connectors::{self, Wire, reference};
use crate::outbound::Outbound;

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let clock: SharedClock = Arc::new(SystemClock);
    let mut findings = vec![Finding::new("mail", mail(config, &clock).await)];
    match Outbound::new(&config.outbound) {
        Err(error) => findings.push(Finding::new("calls to vendors", Err(error.to_string()))),
        Ok(outbound) => {
            let wire = Wire { outbound, clock, entropy: Arc::new(SystemEntropy) };
            findings.push(Finding::new("text messages", text_messages(config, &wire)));
            let vendors = reference::credentials(&config.login, &wire);
            findings.extend(
                vendors.into_iter().map(|(name, found)| Finding::new(name, found.map_err(|error| error.to_string()))),
            );
        }
    }
    findings
}

fn text_messages(config: &Config, wire: &Wire) -> Result<String, String> {
    match connectors::sms_gateway(&config.sms, wire) {
        Ok(Some(gateway)) => Ok(format!("go through {}; its credentials have their form", gateway.name())),
        Ok(None) => Ok("have no gateway (sms.provider)".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

async fn mail(config: &Config, clock: &SharedClock) -> Result<String, String> {
    match connectors::mailer(config, clock) {
        Ok(Some(mailer)) => match mailer.probe().await {
            Ok(()) => Ok("the server takes us".to_owned()),
            Err(error) => Err(error.to_string()),
        },
        Ok(None) => Ok("has no server (mail.host)".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
