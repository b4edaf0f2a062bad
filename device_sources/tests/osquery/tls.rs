use std::path::Path;

use hubcommander_device_sources::osquery::{Identity, ListenError, serve};
use hubcommander_sandbox::osquery::{Age, Agent, Host};
use reqwest::tls::Version;

use super::{MAC, SECRET, bench};

/// Writes a new certificate for `localhost`, and gives it.
fn identity(folder: &Path) -> (Identity, reqwest::Certificate) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = Identity { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.key_pair.serialize_pem()).unwrap();
    (files, reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap())
}

fn client(root: reqwest::Certificate, version: Version) -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([root])
        .tls_version_min(version)
        .tls_version_max(version)
        .build()
        .unwrap()
}

#[tokio::test]
async fn agents_come_over_tls_and_a_new_certificate_is_shown() {
    let bench = bench().await;
    let folder = tempfile::tempdir().unwrap();
    let (files, root) = identity(folder.path());
    let serving = serve(([127, 0, 0, 1], 0).into(), bench.osquery.router(), Some(files)).await.unwrap();
    let url = format!("https://localhost:{}", serving.address().port());
    let enrols = async |root: &reqwest::Certificate, version: Version| {
        let client = client(root.clone(), version);
        let mut agent = Agent::new(&url, SECRET, Age::New, Host::mac(MAC, "ZZA"), client);
        agent.enroll().await.is_ok()
    };
    assert!(enrols(&root, Version::TLS_1_2).await);
    assert!(enrols(&root, Version::TLS_1_3).await);
    // In the clear there is no answer.
    assert!(
        reqwest::get(format!("http://127.0.0.1:{}/osquery/enroll", serving.address().port())).await.is_err()
    );

    let (files, new) = identity(folder.path());
    serving.reload().unwrap();
    assert!(!enrols(&root, Version::TLS_1_2).await);
    assert!(enrols(&new, Version::TLS_1_2).await);
    // A file that cannot be used changes nothing.
    std::fs::write(&files.key, "nothing").unwrap();
    assert!(matches!(serving.reload(), Err(ListenError::Identity { .. })));
    assert!(enrols(&new, Version::TLS_1_3).await);
}

#[tokio::test]
async fn without_a_certificate_nobody_else_is_listened_to() {
    let bench = bench().await;
    let open = serve(([0, 0, 0, 0], 0).into(), bench.osquery.router(), None).await;
    assert!(matches!(open, Err(ListenError::Open(_))));
}
