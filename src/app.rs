//! The wiring: one place where the parts are made and handed to each other.

use std::sync::{Arc, RwLock};

use crate::actor::{Actor, Scope};
use crate::amount::Dong;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::id::EventId;
use crate::identity::sso::provider::Provider;
use crate::notification::send::Courier;
use crate::payment::channel::Channel;
use crate::payment::channel::bank::{Bank, BankConfig};
use crate::payment::channel::sepay::{Sepay, SepayConfig};
use crate::payment::channel::vietqr::{Vietqr, VietqrConfig};
use crate::payment::settler::{Settler, Tools};
use crate::payment::webhook;
use crate::receipt::seal::Keyring;
use crate::receipt::verify::TrustStore;
use crate::report::chart::Charts;
use crate::report::collection::Kept;
use crate::report::verify::Standing;
use crate::store::lease::NodeLeaseHolder;
use crate::store::vault::Vault;
use crate::store::{Conn, Lane, Settings, Stamp, Store, Tx, migrate};
use crate::tariff::{Tariff, edition};
use crate::worker::{Sealing, Workers};
use crate::working_days::{Calendar, WorkingDays};

/// The parts every use case is called with.
pub struct App {
    pub config: Config,
    pub store: Store,
    pub clock: Clock,
    pub vault: Arc<Vault>,
    pub calendar: Arc<Calendar>,
    pub keyring: Arc<Keyring>,
    pub sealing: Arc<Sealing>,
    pub lease: Arc<NodeLeaseHolder>,
    /// Authorities whose signers the public page confirms; empty where none is configured.
    pub trust: TrustStore,
    /// Whom staff may sign in with besides passwords.
    pub sso: Option<Provider>,
    /// What the nightly look at the books found.
    pub books: Standing,
    /// What was collected, as it was counted last.
    pub collected: Kept,
    /// The edition that was read last, and what it says.
    tariff: RwLock<Option<(EventId, Arc<Tariff>)>>,
}

impl App {
    /// Opens the database (migrating it where the configuration says so) and leases an id node.
    pub fn open(config: Config, clock: Clock) -> Result<Arc<App>> {
        crate::receipt::profile::check_shipped()?;
        // A fault of the file, or of one that it names, is told before anything is made of it.
        channels(&config)?;
        let trust = trusted(&config)?;
        Charts::check(&config.books)?;
        if config.database.migrate_at_start {
            for name in migrate::run(&config.owner_url()?)? {
                tracing::info!(migration = name, "migration applied");
            }
        }
        let role = Some(config.database.role.clone()).filter(|role| !role.is_empty());
        let store = Store::open(&Settings {
            url: config.database_url()?,
            role,
            reader_limit: config.database.reader_limit,
            writer_limit: config.database.writer_limit,
        })?;
        store.read(&Scope::All, migrate::check)?;
        let lease = Arc::new(NodeLeaseHolder::take(&store, &clock, &holder_name(&clock))?);
        let vault = Arc::new(opened_vault(&config, &store, &clock, &lease)?);
        let public_url = config.web.public_url.as_str();
        let sso = config.sso.as_ref().map(|sso| Provider::new(sso, public_url)).transpose()?;
        let calendar = Arc::new(Calendar::new(working_days(&config, &store)?));
        Ok(Arc::new(App {
            config,
            store,
            clock,
            vault,
            calendar,
            keyring: Arc::new(Keyring::default()),
            sealing: Arc::new(Sealing::default()),
            lease,
            trust,
            sso,
            books: Standing::default(),
            collected: Kept::default(),
            tariff: RwLock::new(None),
        }))
    }

    pub fn stamp(&self) -> Stamp<'_> {
        Stamp {
            now: self.clock.now(),
            ids: &self.lease.ids,
            vault: &self.vault,
            calendar: self.calendar.newest(),
            returned_charge_limit: Dong(self.config.exceptions.returned_refund_charge_limit),
        }
    }

    /// Reads within the actor's scope.
    pub fn read<T>(&self, actor: &Actor, body: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.store.read(&actor.scope, body)
    }

    /// Writes within the actor's scope on the live lane. The stamp is taken anew at each try.
    pub fn write<T>(
        &self,
        actor: &Actor,
        mut body: impl FnMut(&mut Tx<'_>, &Stamp<'_>) -> Result<T>,
    ) -> Result<T> {
        self.store.write(&actor.scope, Lane::Live, |tx| body(tx, &self.stamp()))
    }

    /// The same on the bulk lane: imports, proofs, closing.
    pub fn write_bulk<T>(
        &self,
        actor: &Actor,
        mut body: impl FnMut(&mut Tx<'_>, &Stamp<'_>) -> Result<T>,
    ) -> Result<T> {
        self.store.write(&actor.scope, Lane::Bulk, |tx| body(tx, &self.stamp()))
    }

    /// The tariff in force. Which edition that is, the database says each time: another process, a command too,
    /// may have put a newer one in force. What an edition says is read and checked once.
    ///
    /// # Errors
    /// `tariff_missing`.
    pub fn tariff(&self) -> Result<Arc<Tariff>> {
        self.store.read(&Scope::All, |conn| self.tariff_on(conn))
    }

    /// The same for who has a connection: readers who each waited for a second one would wait for each other.
    ///
    /// # Errors
    /// `tariff_missing`.
    pub fn tariff_on(&self, conn: &mut Conn) -> Result<Arc<Tariff>> {
        let newest = edition::newest_id(conn)?;
        let known = self.tariff.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        if let Some((_, tariff)) = known.filter(|(id, _)| *id == newest) {
            return Ok(tariff);
        }
        let fresh = Arc::new(edition::of(conn, newest)?);
        let kept = Some((newest, Arc::clone(&fresh)));
        *self.tariff.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = kept;
        Ok(fresh)
    }

    /// Counts by the working days on record from now on: another process, a command too, may have entered some.
    pub fn renew_calendar(&self) -> Result<()> {
        self.calendar.learn(working_days(&self.config, &self.store)?);
        Ok(())
    }

    /// The tools of the settling threads.
    pub fn settling_tools(self: &Arc<Self>) -> Tools {
        Tools {
            store: self.store.clone(),
            clock: self.clock.clone(),
            ids: Arc::clone(&self.lease.ids),
            vault: Arc::clone(&self.vault),
            calendar: Arc::clone(&self.calendar),
            returned_charge_limit: self.stamp().returned_charge_limit,
            numbered: Arc::clone(&self.sealing) as Arc<dyn crate::payment::settler::Numbered>,
        }
    }
}

/// The vault with the index key of this installation, which is kept at the first start.
fn opened_vault(config: &Config, store: &Store, clock: &Clock, lease: &NodeLeaseHolder) -> Result<Vault> {
    let second = config.vault.second()?;
    let mut vault = Vault::new(&config.master_key()?, second.as_deref())?;
    if !store.read(&Scope::All, |conn| vault.take_index_key(conn))? {
        store.write(&Scope::All, Lane::Live, |tx| vault.keep_index_key(tx, clock.now(), &lease.ids))?;
        store.read(&Scope::All, |conn| vault.take_index_key(conn))?;
    }
    Ok(vault)
}

/// The working days on record, with the patience that is configured.
fn working_days(config: &Config, store: &Store) -> Result<WorkingDays> {
    let days = store.read(&Scope::All, crate::unit::holidays::working_days)?;
    Ok(days.patient(config.exceptions.partial_patience_working_days))
}

/// The authorities of all configured files, and the tax authority.
fn trusted(config: &Config) -> Result<TrustStore> {
    let files = config.trust.pem()?;
    let named = TrustStore::empty()
        .with_tax_authority(config.trust.tax_authority.iter().cloned())
        .with_entrusted(config.trust.entrusted.iter().cloned());
    files.into_iter().try_fold(named, |all, (file, pem)| {
        let more = TrustStore::from_pem(&pem).map_err(|error| {
            Error::invalid("trust.authority_files", "config_invalid", format!("{file}: {error}"))
        })?;
        Ok(all.with(more))
    })
}

/// The channels of a configuration, and the vietqr ones again.
type Channels = (Vec<Arc<dyn Channel>>, Vec<Arc<Vietqr>>);

/// A fault of a channel, told by its section and name in the file.
fn of_channel<'a>(section: &'static str, name: &'a str) -> impl Fn(Error) -> Error + 'a {
    move |error| {
        let told = format!("{} ({})", error.detail(), error.code());
        let ErrorKind::Invalid { field } = error.kind() else { return error };
        let field = field.split('.').next().unwrap_or_default();
        Error::invalid(format!("channels.{section}[{name}].{field}"), "config_invalid", told)
    }
}

/// The channels of a configuration, with its secrets.
///
/// # Errors
/// `config_invalid` for what a channel does not take, with its place in the file, and for two of one name.
pub fn channels(config: &Config) -> Result<Channels> {
    let mut channels: Vec<Arc<dyn Channel>> = Vec::new();
    let mut vietqr = Vec::new();
    for entry in &config.channels.sepay {
        channels.push(Arc::new(
            Sepay::new(&SepayConfig {
                name: entry.name.clone(),
                signing_secrets: entry.signing_secrets.clone(),
                api_keys: entry.api_keys.clone(),
            })
            .map_err(of_channel("sepay", &entry.name))?,
        ));
    }
    for entry in &config.channels.vietqr {
        let channel = Arc::new(
            Vietqr::new(&VietqrConfig {
                name: entry.name.clone(),
                bank_bin: entry.bank_bin.clone(),
                user: entry.user.clone(),
                passwords: entry.passwords.clone(),
                token_keys: entry.token_keys.clone(),
            })
            .map_err(of_channel("vietqr", &entry.name))?,
        );
        channels.push(Arc::clone(&channel) as Arc<dyn Channel>);
        vietqr.push(channel);
    }
    for entry in &config.channels.bank {
        channels.push(Arc::new(
            Bank::new(&BankConfig {
                name: entry.name.clone(),
                bank_bin: entry.bank_bin.clone(),
                secrets: entry.secrets.clone(),
            })
            .map_err(of_channel("bank", &entry.name))?,
        ));
    }
    for (index, channel) in channels.iter().enumerate() {
        if channels[..index].iter().any(|other| other.name() == channel.name()) {
            let detail = format!("two channels are named {}", channel.name());
            return Err(Error::invalid("channels", "config_invalid", detail));
        }
    }
    Ok((channels, vietqr))
}

/// An `App` with its threads running: what `bienlai serve` and the tests start.
pub struct Running {
    pub app: Arc<App>,
    pub settler: Settler,
    pub channels: Vec<Arc<dyn Channel>>,
    /// The vietqr channels again, for their token endpoint.
    pub vietqr: Vec<Arc<Vietqr>>,
    pub courier: Arc<Courier>,
    settling: Vec<std::thread::JoinHandle<()>>,
    workers: Workers,
}

impl Running {
    pub fn start(app: Arc<App>) -> Result<Running> {
        // Threads count from their first look on: what they set before the recorder is there is lost, and some
        // look again only after an hour.
        crate::web::health::recorder();
        let (channels, vietqr) = channels(&app.config)?;
        // What was added and retired holds from the first request on.
        app.store.read(&Scope::All, |conn| {
            channels.iter().try_for_each(|channel| webhook::apply(conn, &app.vault, channel.as_ref()))
        })?;
        let courier = Arc::new(Courier::new(&app.config)?);
        let (settler, settling) = Settler::start(&app.settling_tools());
        let workers = Workers::start(&app, settler.clone(), Arc::clone(&courier), channels.clone());
        Ok(Running { app, settler, channels, vietqr, courier, settling, workers })
    }

    /// Drains the queue, signs what is numbered, gives the node back. Call it after the web
    /// server stopped, so that nothing new arrives.
    pub fn stop(self) {
        let Running { app, settler, settling, workers, .. } = self;
        drop(settler);
        workers.stop();
        for thread in settling {
            let _ = thread.join();
        }
        crate::worker::seal_waiting(&app);
        if let Err(error) = app.lease.release(&app.store) {
            tracing::warn!(%error, "the node lease was not given back; it expires by itself");
        }
    }
}

/// Different for each process, even on one machine: host-independent random bits and the start.
fn holder_name(clock: &Clock) -> String {
    let mut bytes = [0_u8; 8];
    let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    format!("{}-{}-{}", std::process::id(), clock.now().ms(), crate::text::hex(&bytes))
}
