use askama::Template;
use axum::extract::State;
use axum::response::Response;
use store::{StoreError, Tx};
use web::Timestamp;
use web::form::Csrf;
use web::page::{self, Banner, Shell, Tone};

use super::{PageError, shell};
use crate::access::Caller;
use crate::identity_source::{certificates, refresh};
use crate::identity_store::store as identities;
use crate::instance::{Instance, load, source_is_proposed, token_ending_before};
use crate::saml_sp::{key_expiry, keys, settings};
use crate::{Center, assignments, credentials, event_targets, organization, permission_sets};

/// SCIM tokens that end within this time are pointed out: AWS starts to remind 90 days before.
const REMIND_MICROS: i64 = 90 * 24 * 3600 * 1_000_000;

struct Counts {
    users: i64,
    groups: i64,
    accounts: i64,
    permission_sets: i64,
    assignments: i64,
}

struct Overview {
    instance: Instance,
    counts: Counts,
    external: bool,
    proposed: bool,
    token_ends: Option<Timestamp>,
    certificate: Option<String>,
    saml_key: Option<String>,
    metadata_url: Option<String>,
    event_target: Option<String>,
}

#[derive(Template)]
#[template(path = "console/dashboard.html")]
struct Dashboard {
    shell: Shell,
    counts: Counts,
    portal_url: String,
    external: bool,
    scim_enabled: bool,
    instance: Instance,
}

/// GET /console
pub(super) async fn show(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageError> {
    let id = center.instance_id.clone();
    let now = center.clock.now();
    let state = center.store.read(move |tx| read(tx, &id, now)).await?;
    let shell =
        warnings(&state).into_iter().fold(shell(&caller, &csrf, "Dashboard", "/console"), Shell::with);
    Ok(page::render(&Dashboard {
        shell,
        counts: state.counts,
        portal_url: center.url("/start"),
        external: state.external,
        scim_enabled: state.instance.scim_enabled,
        instance: state.instance,
    }))
}

fn read(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<Overview, StoreError> {
    let soon = Timestamp(now.micros().saturating_add(REMIND_MICROS));
    Ok(Overview {
        counts: Counts {
            users: identities::count_users(tx, id)?,
            groups: identities::count_groups(tx, id)?,
            accounts: organization::store::count_accounts(tx, id)?,
            permission_sets: permission_sets::store::count(tx, id)?,
            assignments: assignments::store::count(tx, id)?,
        },
        external: !credentials::directory_is_source(tx, id)?,
        proposed: source_is_proposed(tx, id)?,
        token_ends: token_ending_before(tx, id, soon)?,
        certificate: certificates::warning(&certificates::list(tx, id, now)?),
        saml_key: key_expiry::warning(&keys::keys(tx, id)?, &settings::load(tx, id)?, now),
        metadata_url: refresh::standing(tx, id, now)?.and_then(|(url, diff)| url.warning(diff.as_ref())),
        event_target: event_targets::warning(&event_targets::store::list(tx, id)?, now),
        instance: load(tx, id)?,
    })
}

fn warnings(state: &Overview) -> Vec<Banner> {
    let mut banners = Vec::new();
    let mut warn = |title: &str, text: String| banners.push(Banner::new(Tone::Warning, title, text));
    if state.counts.accounts == 0 {
        let text = "Import them under AWS accounts; without accounts nobody can be given access.";
        warn("There are no AWS accounts yet", text.to_owned());
    }
    if state.proposed {
        let text = "Review it under Settings, Identity source, and accept or withdraw it.";
        warn("A change of the identity source waits for review", text.to_owned());
    }
    if let Some(ends) = state.token_ends {
        let text = format!(
            "It ends at {}. Make a second one under Settings, Automatic provisioning, and give it to the identity provider.",
            ends.readable()
        );
        warn("An access token of automatic provisioning ends soon", text);
    }
    if let Some(text) = &state.certificate {
        warn("A signing certificate of the identity provider ends", text.clone());
    }
    if let Some(text) = &state.saml_key {
        warn("A key of the service provider ends", text.clone());
    }
    if let Some(text) = &state.metadata_url {
        warn("The identity provider's metadata URL needs attention", text.clone());
    }
    if let Some(text) = &state.event_target {
        warn("An event target does not accept what it is told", text.clone());
    }
    banners
}
