//! The tokens of one registry: asked for once for all that a run needs where the registry gives such tokens, once per set
//! of scopes where it does not; shared by all tasks, replaced before they expire.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::Credentials;
use super::bearer::{self, Realm, Token};
use super::bundles::Bundles;
use super::scope::{Access, Scope};
use crate::image::Repository;
use crate::registry::http::Transport;
use crate::registry::{Error, Kind};

/// How long what was refused is not asked for again.
const REFUSAL_LIFE: Duration = Duration::from_mins(1);

/// Wrong credentials, shown often enough, lock accounts: after so many refusals in a row they are not shown again.
const MAX_REFUSED_LOGINS: u32 = 3;

#[derive(Default)]
pub(super) struct Tokens {
    slots: Mutex<HashMap<Arc<[Scope]>, Arc<Slot>>>,
    bundles: Mutex<Bundles>,
    /// Held while a login is tried, until the first one succeeds.
    login: tokio::sync::Mutex<Login>,
}

/// Locked while its token is being asked for: the others wait for the same answer.
type Slot = tokio::sync::Mutex<State>;

#[derive(Default)]
enum State {
    #[default]
    Empty,
    Ready(Token),
    Failed(Instant, Error),
}

/// What is known about the credentials.
#[derive(Default)]
struct Login {
    accepted: bool,
    /// Times they were refused.
    refused: u32,
    failure: Option<(Instant, Error)>,
}

impl Login {
    /// Why a try that `began` then has its answer already: it failed for those who waited with it, or too often.
    fn verdict(&self, began: Instant) -> Option<Error> {
        let (at, error) = self.failure.as_ref()?;
        let shared = error.is_temporary() && *at >= began;
        let locked = self.refused >= MAX_REFUSED_LOGINS && at.elapsed() < REFUSAL_LIFE;
        (shared || locked).then(|| error.clone())
    }

    fn note(&mut self, asked: &Result<Token, Error>) {
        match asked {
            Ok(_) => *self = Self { accepted: true, ..Self::default() },
            Err(error) => {
                self.refused += u32::from(*error.kind() == Kind::Unauthorized);
                self.failure = Some((Instant::now(), error.clone()));
            }
        }
    }
}

impl Tokens {
    /// A token for `scopes`, and whether it was asked for since this call began.
    pub(super) async fn get(
        &self,
        transport: &Transport,
        realm: &Realm,
        credentials: &Credentials,
        scopes: &[Scope],
    ) -> Result<(Token, bool), Error> {
        let bundle = self.bundles().covering(scopes);
        if let Some(bundle) = bundle.filter(|bundle| **bundle != *scopes) {
            match self.get_exactly(transport, realm, credentials, &bundle).await {
                Ok((token, fresh)) if token.grants(scopes) => return Ok((token, fresh)),
                // It is given less than it asks for: what is wanted here may be given alone, or the answer says why not.
                Ok(_) => {}
                Err(error) if error.is_temporary() || *error.kind() == Kind::BlockedTenant => return Err(error),
                // Some refuse everything because of one scope.
                Err(_) => self.split(&bundle),
            }
        }
        if let Some(token) = self.wider(scopes).await {
            return Ok((token, false));
        }
        self.get_exactly(transport, realm, credentials, scopes).await
    }

    pub(super) fn expect(&self, wanted: impl IntoIterator<Item = (Repository, Access)>) {
        self.bundles().expect(wanted);
    }

    /// Asks for these scopes one by one from now on.
    pub(super) fn split(&self, scopes: &[Scope]) {
        self.bundles().split(scopes);
    }

    fn bundles(&self) -> MutexGuard<'_, Bundles> {
        self.bundles.lock().expect("nobody panics here")
    }

    async fn get_exactly(
        &self,
        transport: &Transport,
        realm: &Realm,
        credentials: &Credentials,
        scopes: &[Scope],
    ) -> Result<(Token, bool), Error> {
        let began = Instant::now();
        let slot = self.slot(scopes);
        let mut state = slot.lock().await;
        match &*state {
            State::Ready(token) if token.is_current() => return Ok((token.clone(), token.asked_at() >= began)),
            State::Failed(at, error) if *at >= began || !error.is_temporary() && at.elapsed() < REFUSAL_LIFE => {
                return Err(error.clone());
            }
            _ => {}
        }
        let asked = self.log_in(transport, realm, credentials, scopes).await;
        *state = match &asked {
            Ok(token) => State::Ready(token.clone()),
            Err(error) => State::Failed(Instant::now(), error.clone()),
        };
        asked.map(|token| (token, true))
    }

    /// Drops a token that the registry refused, unless another task has replaced it already.
    pub(super) async fn forget(&self, refused: &Token) {
        let slot = self.slot(refused.scopes());
        let mut state = slot.lock().await;
        if matches!(&*state, State::Ready(token) if token.header() == refused.header()) {
            *state = State::Empty;
        }
    }

    /// One login after the other until one is accepted, so that wrong credentials are noticed in time.
    async fn log_in(
        &self,
        transport: &Transport,
        realm: &Realm,
        credentials: &Credentials,
        scopes: &[Scope],
    ) -> Result<Token, Error> {
        if credentials.is_anonymous() {
            let asked = bearer::fetch(transport, realm, credentials, scopes).await;
            return asked.map_err(|error| error.anonymous(true));
        }
        let began = Instant::now();
        let mut login = self.login.lock().await;
        if login.accepted {
            drop(login);
            return bearer::fetch(transport, realm, credentials, scopes).await;
        }
        if let Some(error) = login.verdict(began) {
            return Err(error);
        }
        let asked = bearer::fetch(transport, realm, credentials, scopes).await;
        login.note(&asked);
        asked
    }

    /// A pull needs no token of its own where there is one for pull and push.
    async fn wider(&self, scopes: &[Scope]) -> Option<Token> {
        let widened: Vec<Scope> = scopes.iter().map(Scope::widened).collect();
        if widened == scopes {
            return None;
        }
        let slot = self.slots.lock().expect("nobody panics here").get(widened.as_slice()).cloned()?;
        match &*slot.lock().await {
            State::Ready(token) if token.is_current() && token.grants(scopes) => Some(token.clone()),
            _ => None,
        }
    }

    fn slot(&self, scopes: &[Scope]) -> Arc<Slot> {
        Arc::clone(self.slots.lock().expect("nobody panics here").entry(scopes.into()).or_default())
    }
}
