//! A bucket of an S3-compatible store is a source like a folder: the program against a server on
//! loopback.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Serves the folders below `root` as buckets; ends with the runtime.
fn serve(root: &Path) -> (Runtime, SocketAddr) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let files = s3s_fs::FileSystem::new(root).unwrap();
    let mut service = S3ServiceBuilder::new(files);
    service.set_auth(SimpleAuth::from_single("key", "secret"));
    let service = service.build();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        let server = Builder::new(TokioExecutor::new());
        while let Ok((socket, _)) = listener.accept().await {
            let connection = server.serve_connection(TokioIo::new(socket), service.clone());
            tokio::spawn(connection.into_owned());
        }
    });
    (runtime, address)
}

/// Runs the program in `root` with the keys of the store.
fn quorate(root: &Path, store: SocketAddr, secret: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
    command.args(arguments).arg("--json").current_dir(root);
    command.env("XDG_STATE_HOME", root.join("state"));
    command.env("AWS_ENDPOINT_URL", format!("http://{store}")).env("AWS_ALLOW_HTTP", "true");
    command.env("AWS_ACCESS_KEY_ID", "key").env("AWS_SECRET_ACCESS_KEY", secret);
    command.env("AWS_REGION", "eu-west-2").output().unwrap()
}

#[test]
fn a_bucket_is_loaded_like_a_folder() {
    let root = TempDir::new().unwrap();
    let bucket = root.path().join("buckets/operator");
    fs::create_dir_all(&bucket).unwrap();
    let (_server, address) = serve(&root.path().join("buckets"));
    let run = |arguments: &[&str]| quorate(root.path(), address, "secret", arguments);
    let json = |arguments: &[&str]| -> Value {
        let output = run(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let simulated = bucket.to_str().unwrap();
    json(&["simulate", "--dir", simulated, "--subscribers", "2000", "--days", "1"]);
    let mut rows = Vec::new();
    for (data, source) in
        [("near", bucket.join("raw").to_str().unwrap()), ("far", "s3://operator/raw")]
    {
        json(&["init", data]);
        let config = format!("{data}/quorate.toml");
        let report = json(&["--config", &config, "ingest", source]);
        assert!(report["people"]["new"].as_u64().unwrap() > 1_000);
        rows.push(report["rows"].clone());
        // A single file is a source too, and known by its bytes wherever it is.
        let cells = format!("{source}/cells.csv");
        let again = json(&["--config", &config, "ingest", "--period", "2026-10", &cells]);
        assert_eq!(again["files_loaded"], serde_json::json!([]));
        assert_eq!(again["files_already_loaded"], serde_json::json!(["cells.csv"]));
    }
    assert_eq!(rows[0], rows[1]);

    let refused = |arguments: &[&str], secret: &str| {
        let output = quorate(root.path(), address, secret, arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let ingest = ["--config", "far/quorate.toml", "ingest", "s3://operator/raw"];
    let wrong_key = refused(&ingest, "guessed");
    assert!(wrong_key.contains("[F01]") && wrong_key.contains("s3://operator/raw"), "{wrong_key}");
    fs::remove_file(bucket.join("raw/_SUCCESS")).unwrap();
    assert!(refused(&ingest, "secret").contains("[I20]"));
    let nowhere = ["--config", "far/quorate.toml", "ingest", "s3://nobody/raw"];
    assert!(refused(&nowhere, "secret").contains("error["));
}
