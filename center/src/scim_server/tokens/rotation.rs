//! The end of a token: warnings before it, and the change for another.

use ::store::{StoreError, Tx};
use serde_json::json;
use web::Timestamp;

use super::store::{delete, load};
use super::{Provisioning, Token, TokenError};
use crate::Center;
use crate::instance::{Author, Subject};

/// How many days before a token's end it is said, each once.
const WARN_DAYS: [i64; 6] = [1, 7, 15, 30, 60, 90];
const DAY: i64 = 24 * 3600 * 1_000_000;

/// The warning that is due for a token: the number of days that are left at most, or 0 where it has expired.
/// Nothing where that, or a later one, was said.
pub fn warning(token: &Token, warned: Option<i64>, now: Timestamp) -> Option<i64> {
    let left = token.expires_at.micros() - now.micros();
    let due = match left {
        ..=0 => Some(0),
        _ => WARN_DAYS.into_iter().find(|days| left <= days * DAY),
    };
    due.filter(|days| warned.is_none_or(|warned| *days < warned))
}

/// The token that goes at the end of a rotation: the older one, once the newer has been used.
///
/// # Errors
/// [`TokenError::NoRotation`], [`TokenError::NewTokenUnused`] (unless `unused` allows it).
pub fn old_token(now: &Provisioning, unused: bool) -> Result<&Token, TokenError> {
    let [old, new] = now.tokens.as_slice() else { return Err(TokenError::NoRotation(now.tokens.len())) };
    if new.last_used_at.is_none() && !unused {
        return Err(TokenError::NewTokenUnused(new.id.clone()));
    }
    Ok(old)
}

/// Ends a rotation: deletes the older token; its id.
///
/// # Errors
/// Those of [`old_token`]; the engine's.
pub fn finish(tx: &mut Tx<'_>, author: &Author, unused: bool) -> Result<String, TokenError> {
    let state = load(tx, &author.instance_id)?;
    let old = old_token(&state, unused)?.id.clone();
    delete(tx, author, &old)?;
    Ok(old)
}

/// Says of each token that it ends soon, or has ended, once for each threshold; how often it was said.
///
/// # Errors
/// The store's.
pub async fn announce_expiry(center: &Center) -> Result<usize, StoreError> {
    let author = center.author_named("system");
    center.store.write(move |tx| announce(tx, &author)).await
}

fn announce(tx: &mut Tx<'_>, author: &Author) -> Result<usize, StoreError> {
    let mut said = 0;
    for token in load(tx, &author.instance_id)?.tokens {
        let sql = "SELECT warned_days FROM scim_tokens WHERE instance_id = ?1 AND id = ?2";
        let key = [(&author.instance_id).into(), (&token.id).into()];
        let warned = tx.row(sql, &key)?.ok_or(StoreError::NoRow)?.opt_int(0)?;
        let Some(days) = warning(&token, warned, author.now) else { continue };
        tx.exec(
            "UPDATE scim_tokens SET warned_days = ?3 WHERE instance_id = ?1 AND id = ?2",
            &[(&author.instance_id).into(), (&token.id).into(), days.into()],
        )?;
        let action = if days == 0 { "scim.token_expired" } else { "scim.token_expiring" };
        let after = json!({ "expiresAt": token.expires_at.rfc3339(), "daysLeft": days });
        author.record(tx, action, Subject { kind: "scim_token", id: &token.id }, None, Some(&after))?;
        said += 1;
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::super::{NewToken, state_of_tests};
    use super::*;
    use web::Random;

    fn token(days_left: i64) -> Token {
        let mut token = NewToken::draw(&Random::seeded(1), Timestamp(0)).token;
        token.expires_at = Timestamp(days_left * DAY);
        token
    }

    fn check(days_left: i64, warned: Option<i64>, due: Option<i64>) {
        assert_eq!(warning(&token(days_left), warned, Timestamp(0)), due, "{days_left} {warned:?}");
    }

    #[test]
    fn each_threshold_is_said_once() {
        check(91, None, None);
        check(90, None, Some(90));
        check(80, Some(90), None);
        check(60, Some(90), Some(60));
        check(14, Some(30), Some(15));
        check(14, Some(15), None);
        check(0, Some(1), Some(0));
        check(-5, Some(0), None);
    }

    #[test]
    fn the_old_token_goes_when_the_new_one_is_used() {
        let two = |used: bool| {
            let (old, mut new) = (token(10), token(300));
            new.id = "new".to_owned();
            new.last_used_at = used.then_some(Timestamp(1));
            state_of_tests(vec![old, new])
        };
        let old = token(10).id;
        assert_eq!(old_token(&two(true), false).unwrap().id, old);
        assert!(matches!(old_token(&two(false), false), Err(TokenError::NewTokenUnused(id)) if id == "new"));
        assert_eq!(old_token(&two(false), true).unwrap().id, old);
        let one = state_of_tests(vec![token(10)]);
        assert!(matches!(old_token(&one, true), Err(TokenError::NoRotation(1))));
    }
}
