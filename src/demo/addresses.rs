//! Where the services of a demo are: `port_base` and the ports after it.

use std::net::{Ipv4Addr, SocketAddr};

/// The addresses of one demo, all on localhost.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addresses {
    /// The provider's issuer.
    pub issuer: String,
    /// Origin of the vendors' simulator.
    pub simulator: String,
    /// Origin of the example relying party, as its redirection URIs name it.
    pub console: String,
    /// Origin of the example API.
    pub api: String,
    /// Port of the provider, from which the others are counted.
    port_base: u16,
}

/// What a port is for, by its distance from the first.
#[derive(Clone, Copy, Debug)]
enum Service {
    Provider,
    Simulator,
    Console,
    Api,
    Metrics,
}

impl Service {
    const fn offset(self) -> u16 {
        match self {
            Self::Provider => 0,
            Self::Simulator => 1,
            Self::Console => 2,
            Self::Api => 3,
            Self::Metrics => 4,
        }
    }
}

impl Addresses {
    /// `None` when there are no five ports from `port_base` on.
    #[must_use]
    pub fn from_port_base(port_base: u16) -> Option<Self> {
        port_base.checked_add(Service::Metrics.offset()).filter(|_| port_base > 0)?;
        let origin = |service: Service| format!("http://localhost:{}", port_base + service.offset());
        Some(Self {
            issuer: origin(Service::Provider),
            simulator: origin(Service::Simulator),
            console: origin(Service::Console),
            api: origin(Service::Api),
            port_base,
        })
    }

    /// Where the provider listens.
    #[must_use]
    pub fn listen_provider(&self) -> SocketAddr {
        self.listen(Service::Provider)
    }

    /// Where the vendors' simulator listens.
    #[must_use]
    pub fn listen_simulator(&self) -> SocketAddr {
        self.listen(Service::Simulator)
    }

    /// Where the example relying party listens.
    #[must_use]
    pub fn listen_console(&self) -> SocketAddr {
        self.listen(Service::Console)
    }

    /// Where the example API listens.
    #[must_use]
    pub fn listen_api(&self) -> SocketAddr {
        self.listen(Service::Api)
    }

    /// Where the provider's metrics are.
    #[must_use]
    pub fn listen_metrics(&self) -> SocketAddr {
        self.listen(Service::Metrics)
    }

    fn listen(&self, service: Service) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port_base.saturating_add(service.offset())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_stand_in_a_row_from_the_port_base() {
        let addresses = Addresses::from_port_base(8080).unwrap();
        assert_eq!(addresses.issuer, "http://localhost:8080");
        assert_eq!(addresses.simulator, "http://localhost:8081");
        assert_eq!(addresses.console, "http://localhost:8082");
        assert_eq!(addresses.api, "http://localhost:8083");
        assert_eq!(addresses.listen_metrics().to_string(), "127.0.0.1:8084");
    }

    #[test]
    fn a_row_that_does_not_fit_is_refused() {
        assert!(Addresses::from_port_base(65_531).is_some());
        for wrong in [0, 65_532, u16::MAX] {
            assert_eq!(Addresses::from_port_base(wrong), None);
        }
    }
}
