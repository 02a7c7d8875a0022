//! What holds for all messages.

use super::*;
use proptest::prelude::*;
use tally_deal::account::{Page, Site};

fn actions() -> impl Strategy<Value = Option<AccountAction>> {
    proptest::option::of(proptest::sample::select(AccountAction::ALL.to_vec()))
}

/// Lines of messages, good and bad.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(ONE.to_owned()),
        Just(format!("bitcoin:{EXAMPLE}")),
        Just(ONE_KEY.to_owned()),
        Just(PGP.to_owned()),
        Just("-----BEGIN PGP PUBLIC KEY BLOCK-----".to_owned()),
        Just("2024-08-25".to_owned()),
        Just("account:".to_owned()),
        Just("trusted:".to_owned()),
        Just("-account".to_owned()),
        Just(UPDATE_SIGNATURE.to_owned()),
        Just(TOKEN_SIGNATURE.to_owned()),
        Just("BM-2cX8y9u9yEi3fdqQfndx9F6NdR5Hv79add".to_owned()),
        Just("password: long enough".to_owned()),
        Just("a@mail.example".to_owned()),
        Just(String::new()),
        "[+-]?https?://[a-z.:/%2e]{0,20}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}.{0,9}",
        ".{0,40}",
    ]
}

proptest! {
    /// Whatever is sent, it is read or refused, and followed or refused; a refusal changes nothing.
    #[test]
    fn no_message_is_too_much(lines in prop::collection::vec(line(), 0..8), action in actions()) {
        let text = lines.join("\n");
        let Ok(message) = AccountMessage::from_text(&text, action, NETWORK) else { return Ok(()) };
        for account in [None, Some(one())] {
            let own = address(ONE);
            let asked = Asked { address: &own, module: None, now: NOON };
            if let Ok(outcome) = apply(account.as_ref(), &message, &asked) {
                let changed = outcome.changed();
                prop_assert!(changed.is_none_or(|changed| changed.address() == &own));
                if message.action().is_signed() {
                    prop_assert!(message.signed().is_some());
                }
                if let Some(key) = changed.and_then(Account::key) {
                    prop_assert!(key.is_of(&own));
                }
            }
        }
    }

    /// Reading the exact text of a message gives the same message.
    #[test]
    fn a_text_read_again_says_the_same(lines in prop::collection::vec(line(), 0..8), action in actions()) {
        let text = lines.join("\r\n");
        if let Ok(message) = AccountMessage::from_text(&text, action, NETWORK) {
            prop_assert!(message.text().is_empty() || message.text().ends_with('\n'));
            let again = AccountMessage::from_text(message.text(), Some(message.action()), NETWORK);
            prop_assert_eq!(again, Ok(message));
        }
    }

    /// Fields in any order make one text.
    #[test]
    fn the_order_of_fields_does_not_matter(order in Just(vec![0, 1, 2, 3, 4]).prop_shuffle()) {
        let pairs = fields(&[
            ("address", ONE), ("key", ONE_KEY), ("pgp", PGP), ("url", "http://a.example"),
            ("email", "a@mail.example"),
        ]);
        let shuffled: Vec<_> = order.into_iter().map(|index: usize| pairs[index].clone()).collect();
        let [first, second] = [&pairs, &shuffled].map(|pairs| {
            AccountMessage::from_fields(pairs, AccountAction::New, None, NETWORK).unwrap()
        });
        prop_assert_eq!(first, second);
    }

    #[test]
    fn no_field_and_no_json_is_too_much(
        name in "[a-z]{1,12}(\\[[0-9]?\\])?", value in "(?s).{0,80}", body in ".{0,80}", action in actions(),
    ) {
        let action = action.unwrap_or(AccountAction::New);
        let _ = AccountMessage::from_fields(&[(name, value)], action, Some(ONE), NETWORK);
        let _ = AccountMessage::from_json(body.as_bytes(), action, None, NETWORK);
    }

    /// No value opens or closes a tag, or is a character that XML does not have.
    #[test]
    fn values_are_escaped(value in "(?s)[<>&\"'a/]{0,20}|.{0,60}") {
        let page = Page::Failure(value.clone());
        let bare = Page::Failure(String::new());
        for (text, empty) in [(page.html(), bare.html()), (page.xml(), bare.xml())] {
            for mark in ['<', '>', '"'] {
                prop_assert_eq!(text.matches(mark).count(), empty.matches(mark).count());
            }
            prop_assert!(!text.contains('\''));
            for (at, _) in text.match_indices('&') {
                let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
                prop_assert!(known.iter().any(|known| text[at..].starts_with(known)));
            }
            prop_assert!(!text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')));
        }
        prop_assert!(page.text().contains(&value));
        prop_assert_eq!(page.json(), serde_json::json!({"error": value}));
    }

    /// A site covers itself, and covering is passed on.
    #[test]
    fn covering_is_an_order(
        first in "https?://[ab](:80)?(/[xy]){0,3}/?", second in "https?://[ab](:80)?(/[xy]){0,3}/?",
        third in "https?://[ab](:80)?(/[xy]){0,3}/?", noise in "https?://.{0,30}",
    ) {
        let [first, second, third]: [Site; 3] = [first, second, third].map(|text| text.parse().unwrap());
        prop_assert!(first.covers(&first));
        if first.covers(&second) && second.covers(&third) {
            prop_assert!(first.covers(&third));
        }
        if let Ok(site) = noise.parse::<Site>() {
            prop_assert_eq!(site.as_str().parse::<Site>(), Ok(site.clone()));
        }
    }
}
