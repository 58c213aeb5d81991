//! Both ceremonies against a real authenticator, and what must not pass.

use std::net::{IpAddr, Ipv4Addr};

use fathom_model::Timestamp;
use fathom_signin::{
    passkey::{Offered, PasskeyError, Passkeys, Registered, Registrant, Site, Stored},
    random,
};
use fathom_testkit::authenticator::Device;
use jiff::SignedDuration;
use serde_json::Value;

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PAGE: &str = "http://localhost:7373";
const HANDLE: [u8; 32] = [7; 32];
const ADA: Registrant<'static> = Registrant { person: 1, handle: &HANDLE, name: "Ada Lovelace" };

fn here() -> Site {
    Site::of("localhost", Some(7373), false).expect("a place")
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().expect("a time")
}

fn drawn() -> [u8; 32] {
    random().expect("random")
}

fn register(passkeys: &Passkeys, device: &mut Device) -> Registered {
    let question = passkeys.start_registration(&here(), ADA, [], &drawn(), HOME, now()).expect("starts");
    let made = device.make(PAGE, &question.options).expect("makes one");
    passkeys.finish_registration(1, &question.challenge_id, &made, now()).expect("accepted")
}

/// Asks, has the device answer, and says what came of it.
fn enter(passkeys: &Passkeys, device: &mut Device, registered: &Registered) -> Result<Vec<u8>, PasskeyError> {
    let question = passkeys.start_signin(&here(), &drawn(), HOME, now()).expect("starts");
    let used = device.sign_in(PAGE, &question.options).expect("uses it");
    finish(passkeys, &question.challenge_id, &used, registered)
}

fn finish(
    passkeys: &Passkeys,
    challenge_id: &str,
    used: &Value,
    registered: &Registered,
) -> Result<Vec<u8>, PasskeyError> {
    let offered = Offered::read(used)?;
    assert_eq!(offered.credential(), registered.credential);
    let stored = Stored { credential: &registered.credential, data: &registered.data, handle: &HANDLE };
    passkeys.finish_signin(challenge_id, &offered, stored, now())
}

#[test]
fn a_passkey_is_made_and_used_again_and_again() {
    let (passkeys, mut device) = (Passkeys::default(), Device::new());
    let question = passkeys.start_registration(&here(), ADA, [], &drawn(), HOME, now()).expect("starts");
    let options = &question.options;
    assert_eq!(options["rp"]["id"], "localhost");
    assert_eq!(options["user"]["displayName"], "Ada Lovelace");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["timeout"], 300_000);
    let mut registered = register(&passkeys, &mut device);
    for _ in 0..3 {
        let after = enter(&passkeys, &mut device, &registered).expect("enters");
        assert_ne!(after, registered.data, "the counter went on");
        registered.data = after;
    }
}

#[test]
fn a_counter_that_goes_back_is_refused() {
    let (passkeys, mut device) = (Passkeys::default(), Device::new());
    let mut registered = register(&passkeys, &mut device);
    device.set_counter(40);
    registered.data = enter(&passkeys, &mut device, &registered).expect("enters");
    for counter in [39, 38, 0] {
        // The authenticator adds one before it signs: 40 again, then less.
        device.set_counter(counter);
        let error = enter(&passkeys, &mut device, &registered).expect_err("a copy");
        assert!(matches!(error, PasskeyError::Counter), "{counter}: {error}");
    }
    device.set_counter(41);
    enter(&passkeys, &mut device, &registered).expect("enters");
}

#[test]
fn a_challenge_is_answered_once_in_time_and_by_whom_it_was_asked() {
    let (passkeys, mut device) = (Passkeys::default(), Device::new());
    let registered = register(&passkeys, &mut device);
    let question = passkeys.start_signin(&here(), &drawn(), HOME, now()).expect("starts");
    let used = device.sign_in(PAGE, &question.options).expect("uses it");
    finish(&passkeys, &question.challenge_id, &used, &registered).expect("enters");
    let again = finish(&passkeys, &question.challenge_id, &used, &registered);
    assert!(matches!(again.expect_err("twice"), PasskeyError::Challenge));

    // An answer to one question does not answer another.
    let question = passkeys.start_signin(&here(), &drawn(), HOME, now()).expect("starts");
    let other = finish(&passkeys, &question.challenge_id, &used, &registered);
    assert!(matches!(other.expect_err("replayed"), PasskeyError::Refused(_)));

    let question = passkeys.start_signin(&here(), &drawn(), HOME, now()).expect("starts");
    let used = device.sign_in(PAGE, &question.options).expect("uses it");
    let offered = Offered::read(&used).expect("an answer");
    let stored = Stored { credential: &registered.credential, data: &registered.data, handle: &HANDLE };
    let late = now() + SignedDuration::from_mins(5);
    let late = passkeys.finish_signin(&question.challenge_id, &offered, stored, late);
    assert!(matches!(late.expect_err("late"), PasskeyError::Challenge));

    let question = passkeys.start_registration(&here(), ADA, [], &drawn(), HOME, now()).expect("starts");
    let made = Device::new().make(PAGE, &question.options).expect("makes one");
    let other = passkeys.finish_registration(2, &question.challenge_id, &made, now());
    assert!(matches!(other.expect_err("another person"), PasskeyError::Challenge));
}

#[test]
fn another_place_another_person_and_another_key_are_refused() {
    let (passkeys, mut device) = (Passkeys::default(), Device::new());
    let registered = register(&passkeys, &mut device);
    // A page under the same name and another port is another page.
    let question = passkeys.start_signin(&here(), &drawn(), HOME, now()).expect("starts");
    let used = device.sign_in("http://localhost:9999", &question.options).expect("uses it");
    let error = finish(&passkeys, &question.challenge_id, &used, &registered).expect_err("another page");
    assert!(matches!(&error, PasskeyError::Refused(why) if why.contains("origin")), "{error}");

    let question = passkeys.start_signin(&here(), &drawn(), HOME, now()).expect("starts");
    let used = device.sign_in(PAGE, &question.options).expect("uses it");
    let stored = Stored { credential: &registered.credential, data: &registered.data, handle: &[8; 32] };
    let offered = Offered::read(&used).expect("an answer");
    let error = passkeys.finish_signin(&question.challenge_id, &offered, stored, now());
    assert!(matches!(error.expect_err("another person"), PasskeyError::Refused(_)));

    // The key of another passkey under this one's id.
    let other = register(&passkeys, &mut Device::new());
    let swapped = Registered { data: other.data, ..registered.clone() };
    let error = enter(&passkeys, &mut device, &swapped).expect_err("another key");
    assert!(matches!(error, PasskeyError::Refused(_)), "{error}");
}

#[test]
fn an_authenticator_that_does_not_check_its_user_is_refused() {
    let (passkeys, mut device) = (Passkeys::default(), Device::new());
    let registered = register(&passkeys, &mut device);
    let question = passkeys.start_signin(&here(), &drawn(), HOME, now()).expect("starts");
    let mut weaker = question.options.clone();
    weaker["userVerification"] = "discouraged".into();
    device.verifies(false);
    let used = device.sign_in(PAGE, &weaker).expect("uses it");
    let error =
        finish(&passkeys, &question.challenge_id, &used, &registered).expect_err("nobody was checked");
    assert!(matches!(&error, PasskeyError::Refused(_)), "{error}");
}

#[test]
fn a_device_that_has_one_makes_no_second() {
    let (passkeys, mut device) = (Passkeys::default(), Device::new());
    let registered = register(&passkeys, &mut device);
    let known = [(registered.credential.as_slice(), registered.data.as_slice())];
    let question = passkeys.start_registration(&here(), ADA, known, &drawn(), HOME, now()).expect("starts");
    assert_eq!(question.options["excludeCredentials"].as_array().map(Vec::len), Some(1));
    assert!(device.make(PAGE, &question.options).is_err());
}

#[test]
fn what_is_no_answer_is_refused_and_uses_the_question_up() {
    let (passkeys, mut device) = (Passkeys::default(), Device::new());
    for wrong in
        [Value::Null, Value::from("x"), serde_json::json!({}), serde_json::json!({"id": "x".repeat(70_000)})]
    {
        assert!(matches!(Offered::read(&wrong), Err(PasskeyError::Form(_))), "{wrong}");
        let question = passkeys.start_registration(&here(), ADA, [], &drawn(), HOME, now()).expect("starts");
        let error = passkeys.finish_registration(1, &question.challenge_id, &wrong, now());
        assert!(matches!(error, Err(PasskeyError::Form(_))));
        let made = device.make(PAGE, &question.options).expect("makes one");
        let late = passkeys.finish_registration(1, &question.challenge_id, &made, now());
        assert!(matches!(late, Err(PasskeyError::Challenge)));
    }
}
