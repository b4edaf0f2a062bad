//! One crypto provider in the tree. With two enabled, whoever leaves the choice to rustls panics.

use hyper_util::client::legacy::connect::HttpConnector;
use slack_morphism::prelude::{SlackClient, SlackClientHyperConnector};

use crate::world;

#[tokio::test]
async fn all_clients_can_be_built_side_by_side() {
    // Picks the provider by what is compiled in; with two of them this panics.
    let config = rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty());
    drop(config.with_no_client_auth());

    world::github_at("https://api.github.com");
    drop(reqwest::Client::builder().build().unwrap());
    drop(octocrab::OctocrabBuilder::default().build().unwrap());
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_native_roots()
        .unwrap()
        .https_or_http()
        .enable_http1()
        .wrap_connector(HttpConnector::new());
    drop(SlackClient::new(SlackClientHyperConnector::with_connector(https)));
}
