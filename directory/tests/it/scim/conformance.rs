//! scim2-tester (<https://github.com/python-scim/scim2-tester>) holds the server to the RFCs. It is not ours.

use std::net::Ipv4Addr;
use std::path::Path;

use hubcommander_directory::scim::LINK;
use serde_json::Value as Json;
use tokio::net::TcpListener;

use super::server::{Server, TOKEN};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_not_ours_finds_what_the_rfcs_say() {
    let Some(python) = std::env::var_os("HUBCOMMANDER_SCIM_TESTER").filter(|one| Path::new(one).exists())
    else {
        eprintln!(
            "SKIPPED: scim2-tester is not installed; scripts/test installs it (HUBCOMMANDER_SCIM_TESTER)"
        );
        return;
    };
    let server = Server::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/scim/v2", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, server.router.clone()).into_future());

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scim/tester.py");
    let mut command = tokio::process::Command::new(python);
    command.arg(script).arg(url).env("SCIM_TOKEN", TOKEN).env("NO_PROXY", "127.0.0.1").kill_on_drop(true);
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let results: Vec<Json> = serde_json::from_slice(&output.stdout).unwrap();

    let of = |status: &str| results.iter().filter(|one| one["status"] == status).collect::<Vec<_>>();
    let fine = ["SUCCESS", "SKIPPED", "COMPLIANT", "ACCEPTABLE"];
    let failed: Vec<&Json> = results
        .iter()
        .filter(|one| !fine.contains(&one["status"].as_str().unwrap()) && !is_read_only_extension(one))
        .collect();
    assert!(failed.is_empty(), "{}", serde_json::to_string_pretty(&failed).unwrap());
    // So that a tester that looked at nothing is no pass.
    assert!(of("SUCCESS").len() > 60, "{} of {}", of("SUCCESS").len(), results.len());
    for kind in ["User", "Group"] {
        let changed = results.iter().filter(|one| {
            one["resource_type"] == kind
                && one["status"] == "SUCCESS"
                && one["tags"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|tag| tag.as_str().unwrap().starts_with("patch"))
        });
        assert!(changed.count() > 3, "{kind}");
    }
    let skipped: Vec<_> =
        of("SKIPPED").iter().map(|one| format!("{}: {}", one["title"], one["reason"])).collect();
    eprintln!("{} checks passed, {} skipped: {skipped:#?}", of("SUCCESS").len(), skipped.len());
    assert!(!server.told().is_empty());
}

/// The tester writes to each extension as a whole without looking whether anything in it may be written. Ours cannot
/// be, and says so, as RFC 7644 3.5.2 wants it.
fn is_read_only_extension(result: &Json) -> bool {
    let reason = result["reason"].as_str().unwrap_or_default();
    reason.ends_with(&format!("attribute '{LINK}': The linked accounts are not yours to change."))
}
