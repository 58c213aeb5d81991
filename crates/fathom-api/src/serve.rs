//! Listens: plainly on loopback, with TLS anywhere else.

use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::Duration,
};

use axum_server::{Handle, accept::DefaultAcceptor, tls_rustls::RustlsAcceptor};
use fathom_content::ContentError;
use fathom_signin::oidc::{OidcError, Settings};
use fathom_store::{SYSTEM_ACTOR, StoreError};
use hyper_util::rt::TokioTimer;

use crate::{
    access::{self, Access, Ceremonies, HostNameError, Hosts},
    certificates::Certificates,
    checking,
    connections::Gate,
    router::router,
    state::ApiState,
    token::{TokenError, TokenHash},
};

/// Time for requests that are under way when the server is told to end.
const FAREWELL: Duration = Duration::from_secs(10);
/// Time in which a client must have sent the head of a request.
const HEAD_TIME_MAX: Duration = Duration::from_secs(15);
/// The largest head of a request.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How often sessions are looked for that are over; one that is over opens nothing before that either.
const SWEEP_EVERY: Duration = Duration::from_secs(30);
/// Streams that one HTTP/2 connection may have open.
const STREAMS_MAX: u32 = 64;

/// Where and how to listen.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The address; anything but loopback needs `tls`. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificate chain and private key, both PEM files, which are read anew when they change.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Where the token is, or will be made.
    pub token_file: PathBuf,
    /// Host names that requests may carry, beside those of loopback and, away from it, addresses in figures.
    pub allowed_hosts: Vec<String>,
    /// Whether a proxy on this machine passes requests on, and says in `X-Forwarded-For` where they come from.
    pub behind_proxy: bool,
    /// The file that names issuers of OpenID Connect (`signin.yaml`); none where there are none.
    pub signin: Option<PathBuf>,
    /// Variables of the environment, which that file may name secrets by.
    pub environment: BTreeMap<String, String>,
}

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address that others reach, without TLS.
    #[error(
        "{listen} can be reached by others, and without TLS they could read the token; \
         add --tls-cert and --tls-key, or listen on 127.0.0.1"
    )]
    NeedsTls {
        /// The address.
        listen: SocketAddr,
    },
    /// The address cannot be taken.
    #[error("cannot listen on {listen}; choose another with --listen")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Certificate or key do not load.
    #[error("cannot use the certificate `{}` with the key `{}`", cert.display(), key.display())]
    Tls {
        /// The certificate file.
        cert: PathBuf,
        /// The key file.
        key: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A host name that cannot be one.
    #[error(transparent)]
    HostName(#[from] HostNameError),
    /// No token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The file of issuers does not hold.
    #[error(transparent)]
    Signin(#[from] ContentError),
    /// Issuers cannot be asked.
    #[error(transparent)]
    Issuers(#[from] OidcError),
    /// What another token opened cannot be ended.
    #[error(
        "the token is new, and what the one before opened could not be ended; remove the token file and start again"
    )]
    OldToken(#[source] StoreError),
    /// The listener broke.
    #[error("the server ended")]
    Run(#[source] io::Error),
}

/// A server that has its address, token and certificate, and has not answered anybody yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Certificates>,
    access: Access,
    /// Whether the token was made now.
    new_token: bool,
}

impl Server {
    /// Takes the address and loads what is needed, so that every refusal comes before the first request.
    pub async fn bind(options: ServeOptions) -> Result<Self, ServeError> {
        let ServeOptions { listen, tls, token_file, allowed_hosts, behind_proxy, signin, environment } =
            options;
        let loopback = listen.ip().to_canonical().is_loopback();
        if !loopback && tls.is_none() {
            return Err(ServeError::NeedsTls { listen });
        }
        let hosts = Hosts::new(loopback, &allowed_hosts)?;
        let tls = match tls {
            Some((cert, key)) => {
                // The binary installs it at start; where it has, this changes nothing.
                let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
                let loaded = Certificates::load(&cert, &key).await;
                Some(loaded.map_err(|source| ServeError::Tls { cert, key, source })?)
            }
            None => None,
        };
        let settings = match &signin {
            Some(file) => Settings::read(file, &environment)?,
            None => Settings::default(),
        };
        let ceremonies = Ceremonies::new(settings, signin)?;
        let fail = |source| ServeError::Listen { listen, source };
        let listener = TcpListener::bind(listen).map_err(fail)?;
        listener.set_nonblocking(true).map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        // Last: a token that was made now ends what the one before opened, which a start that does not succeed would not do.
        let (token, new_token) = TokenHash::load_or_create(&token_file)?;
        let file = token_file.display().to_string();
        let access = Access::new(token, file, hosts, tls.is_some(), behind_proxy, ceremonies);
        Ok(Self { listener, address, tls, access, new_token })
    }

    /// The address it has, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where people find it.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Answers until `shutdown` comes, then lets what is under way end.
    pub async fn run(
        self,
        state: ApiState,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        if self.new_token {
            // Whoever removes the file does so because somebody else may have the token.
            let ended = state.store.end_of_owner(SYSTEM_ACTOR, "the owner's token is a new one", state.now());
            ended.await.map_err(ServeError::OldToken)?;
        }
        let streams = state.ending.clone();
        let sweeping = tokio::spawn(sweep(state.clone(), self.access.clone()));
        let checking = tokio::spawn(checking::follow(state.clone()));
        let (router, _) = router(state.clone(), self.access.clone());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let handle = Handle::new();
        let ending = handle.clone();
        let watch = tokio::spawn(async move {
            shutdown.await;
            streams.send_replace(true);
            ending.graceful_shutdown(Some(FAREWELL));
        });
        let mut server = axum_server::from_tcp(self.listener).map_err(ServeError::Run)?.handle(handle);
        let builder = server.http_builder();
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME_MAX)
            .max_buf_size(HEAD_BYTES_MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(Some(Duration::from_secs(20)))
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(HEAD_BYTES_MAX as u32);
        let gate = Gate::new(DefaultAcceptor::new());
        let ended = match self.tls {
            Some(certificates) => {
                let acceptor = RustlsAcceptor::new(certificates.config()).acceptor(gate);
                let renewing = tokio::spawn(certificates.watch());
                let ended = server.acceptor(acceptor).serve(service).await;
                renewing.abort();
                ended
            }
            None => server.acceptor(gate).serve(service).await,
        };
        watch.abort();
        state.ending.send_replace(true);
        // Its end is that it was told to end.
        let _ = sweeping.await;
        let _ = checking.await;
        // What was not written yet is written now.
        access::sweep(&state, &self.access).await;
        ended.map_err(ServeError::Run)
    }
}

/// Ends sessions that are over, for as long as the server runs.
async fn sweep(state: ApiState, access: Access) {
    let mut ending = state.ending.subscribe();
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let is_due = tokio::select! {
            _ = ending.wait_for(|ending| *ending) => false,
            _ = ticks.tick() => true,
        };
        if !is_due {
            return;
        }
        // Never ended in its midst: what it has taken out would be lost.
        access::sweep(&state, &access).await;
    }
}

/// Listens and answers until `shutdown` comes.
pub async fn serve(
    options: ServeOptions,
    state: ApiState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let server = Server::bind(options).await?;
    tracing::info!(url = server.url(), "listening");
    server.run(state, shutdown).await
}
