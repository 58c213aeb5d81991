//! `fathom serve`: the HTTP API.

use std::sync::Arc;

use anyhow::{Context, Result};
use fathom_api::{ApiState, ScanRunner, ServeOptions, Server};
use fathom_cloud::client::{Client, ClientOptions};
use fathom_lake::Lake;
use fathom_see::{ScanOptions, Scanner};

use crate::{
    args::{Global, ServeArgs},
    render::{self, styled},
    wiring,
};

pub(crate) async fn run(global: &Global, args: ServeArgs) -> Result<()> {
    let token_file = global.data.join("api.token");
    // The store first: its directory is where the token goes.
    let store = wiring::store(global).await?;
    let content = wiring::content(global)?;
    let here = std::path::Path::new("fathom.yaml");
    let declarations = args.declarations.or_else(|| here.exists().then(|| here.to_owned()));
    if let Some(file) = &declarations {
        // A mistake in it should show now, not at the first scan.
        wiring::declared(Some(file))?;
    }
    let scanner = Scanner {
        client: Client::new(ClientOptions::from_env(std::env::vars())?)?,
        content: Arc::clone(&content),
        store: store.clone(),
    };
    let options = ScanOptions { declarations, ..ScanOptions::default() };
    let lake = Lake::new(store.clone(), &content)?;
    let state = ApiState::new(store.clone(), lake, wiring::now).with_scanner(Arc::new(ScanRunner::new(
        scanner,
        options,
        wiring::now,
    )));
    let server = Server::bind(ServeOptions {
        listen: args.listen,
        tls: args.tls_cert.zip(args.tls_key),
        token_file: token_file.clone(),
        allowed_hosts: Vec::new(),
    })
    .await?;
    render::print(format!("Fathom answers on {}", styled(render::STRONG, server.url())))?;
    render::print(styled(
        render::QUIET,
        format!(
            "curl -H \"Authorization: Bearer $(cat {})\" {}{}/summary\nCtrl-C ends it.",
            token_file.display(),
            server.url(),
            fathom_api::BASE
        ),
    ))?;
    let interrupted = async {
        // Where signals cannot be waited for, the server runs until it is ended.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    server.run(state, interrupted).await.context("the server ended")?;
    Ok(store.close().await?)
}
