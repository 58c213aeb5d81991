//! Keys, notes, checkpoints and proofs as text: published values, strictness, and what random input does.

use fathom_ledger::checkpoint::CheckpointError;
use fathom_ledger::note::{KeyError, Note, NoteError};
use fathom_ledger::proof::LogProofError;
use fathom_ledger::tree::prove_inclusion;
use fathom_ledger::{Checkpoint, Hash, LogProof, SignerKey, VerifierKey};
use proptest::prelude::*;

use crate::support::{MemLog, ORIGIN, entries, signer, verifier};

/// The example of the Go package `golang.org/x/mod/sumdb/note`.
const GO_SIGNER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
";

#[test]
fn the_go_package_s_example() {
    let signer: SignerKey = GO_SIGNER.parse().unwrap();
    assert_eq!(signer.verifier().to_string(), GO_VERIFIER);
    assert_eq!(signer.to_secret_text(), GO_SIGNER);
    assert_eq!(Note::sign(GO_TEXT, &[&signer]).unwrap().to_text(), GO_NOTE);
    let verifier: VerifierKey = GO_VERIFIER.parse().unwrap();
    let note = Note::parse(GO_NOTE.as_bytes()).unwrap();
    assert_eq!(note.text(), GO_TEXT);
    assert_eq!(note.verify(&[&verifier]).unwrap(), [&verifier]);
}

#[test]
fn key_texts_are_checked_and_never_shown() {
    let text = signer().to_secret_text();
    assert_eq!(text.parse::<SignerKey>().unwrap().to_secret_text(), text);
    let secret = text.splitn(5, '+').last().unwrap();
    assert!(!format!("{:?}", signer()).contains(secret));
    let public = verifier().to_string();
    assert_eq!(public.parse::<VerifierKey>().unwrap(), verifier());
    for (wrong, error) in [
        (public.replacen("example", "Example", 1), KeyError::KeyId),
        (public.replacen('+', " ", 1), KeyError::Form),
        (String::new(), KeyError::Form),
        ("+00000000+AAAA".to_owned(), KeyError::Algorithm),
        (text.clone(), KeyError::Form),
        (format!("{public}="), KeyError::Form),
    ] {
        assert_eq!(wrong.parse::<VerifierKey>().unwrap_err(), error, "{wrong}");
    }
    for name in ["", "a b", "a+b", "a\u{2003}b", "a\nb", &"n".repeat(256)] {
        assert_eq!(SignerKey::from_seed(name, &[1; 32]).unwrap_err(), KeyError::Name);
    }
}

#[test]
fn several_signatures_unknown_ones_ignored_bad_ones_refused() {
    let (a, b) = (SignerKey::from_seed("a", &[1; 32]).unwrap(), SignerKey::from_seed("b", &[2; 32]).unwrap());
    let stranger = SignerKey::from_seed("a", &[3; 32]).unwrap();
    let note = Note::sign("text\n\nwith a blank line\n", &[&a, &b]).unwrap();
    let read = Note::parse(note.to_text().as_bytes()).unwrap();
    assert_eq!(read, note);
    assert_eq!(read.verify(&[b.verifier(), a.verifier()]).unwrap(), [a.verifier(), b.verifier()]);
    assert_eq!(read.verify(&[b.verifier()]).unwrap(), [b.verifier()]);
    assert_eq!(read.verify(&[stranger.verifier()]), Err(NoteError::UnknownKeys));
    assert_eq!(read.verify(&[]), Err(NoteError::UnknownKeys));

    // A good signature does not outweigh a bad one of a known key.
    let forged = note.to_text().replace("with a", "without a");
    let read = Note::parse(forged.as_bytes()).unwrap();
    assert_eq!(read.verify(&[a.verifier()]), Err(NoteError::BadSignature { name: "a".to_owned() }));
    let mut mixed = Note::sign("other\n", &[&a]).unwrap();
    mixed.add_signature(note.signatures()[1].clone()).unwrap();
    assert!(mixed.verify(&[a.verifier()]).is_ok());
    assert!(mixed.verify(&[a.verifier(), b.verifier()]).is_err());
}

#[test]
fn malformed_notes() {
    for (note, error) in [
        ("text\n", NoteError::NoSignatures),
        ("text\n\n", NoteError::NoSignatures),
        ("text\n\n— a AAAAAAA=", NoteError::NoSignatures),
        ("text\n\n- a AAAAAAA=\n", NoteError::SignatureLine { line: 1 }),
        ("text\n\n— a AAAAAA==\n", NoteError::SignatureLine { line: 1 }),
        ("text\n\n— a AAAAAAA=\n— a+b AAAAAAA=\n", NoteError::SignatureLine { line: 2 }),
        ("te\rxt\n\n— a AAAAAAA=\n", NoteError::ControlCharacter),
    ] {
        assert_eq!(Note::parse(note.as_bytes()).unwrap_err(), error, "{note:?}");
    }
    assert_eq!(Note::parse(&[0xff]).unwrap_err(), NoteError::NotText);
    let many = format!("text\n\n{}", "— a AAAAAAA=\n".repeat(65));
    assert_eq!(Note::parse(many.as_bytes()).unwrap_err(), NoteError::TooManySignatures);
    assert_eq!(Note::sign("no newline", &[&signer()]).unwrap_err(), NoteError::TextEnd);
    assert_eq!(Note::sign("text\n", &[]).unwrap_err(), NoteError::NoKey);
}

#[test]
fn checkpoints_are_strict() {
    let root = Hash::leaf(b"x");
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: 20_852_163, root };
    assert_eq!(checkpoint.to_text(), format!("{ORIGIN}\n20852163\n{}\n", root.to_base64()));
    assert_eq!(Checkpoint::parse(&checkpoint.to_text()).unwrap(), checkpoint);
    let signed = checkpoint.sign(&signer(), &[]).unwrap();
    assert_eq!(Checkpoint::open(signed.as_bytes(), &verifier()).unwrap(), checkpoint);

    let root = root.to_base64();
    for (text, error) in [
        (format!("{ORIGIN}\n1\n{root}"), CheckpointError::Lines),
        (format!("{ORIGIN}\n1\n{root}\nextension\n"), CheckpointError::Lines),
        (format!("\n1\n{root}\n"), CheckpointError::Origin),
        (format!("{ORIGIN}\n01\n{root}\n"), CheckpointError::Size),
        (format!("{ORIGIN}\n+1\n{root}\n"), CheckpointError::Size),
        (format!("{ORIGIN}\n\n{root}\n"), CheckpointError::Size),
        (format!("{ORIGIN}\n18446744073709551615\n{root}\n"), CheckpointError::Size),
        (format!("{ORIGIN}\n0\n{root}\n"), CheckpointError::EmptyRoot),
    ] {
        assert_eq!(Checkpoint::parse(&text).unwrap_err(), error, "{text:?}");
    }
    let other = SignerKey::from_seed("example.com/other", &[7; 32]).unwrap();
    assert!(matches!(checkpoint.sign(&other, &[]), Err(CheckpointError::WrongOrigin { .. })));
    let note = Note::sign(&checkpoint.to_text(), &[&other]).unwrap().to_text();
    assert!(matches!(
        Checkpoint::open(note.as_bytes(), other.verifier()),
        Err(CheckpointError::WrongOrigin { .. })
    ));
    let empty = Checkpoint { origin: ORIGIN.to_owned(), size: 0, root: Hash::EMPTY_ROOT };
    assert_eq!(Checkpoint::parse(&empty.to_text()).unwrap(), empty);
}

fn proof_of(n: usize, index: u64) -> (LogProof, Vec<u8>) {
    let entries = entries(n);
    let log = MemLog::of(&entries);
    let proof = LogProof {
        extra: None,
        index,
        hashes: prove_inclusion(&log.tree, index, log.size).unwrap(),
        checkpoint: String::from_utf8(log.files["checkpoint"].clone()).unwrap(),
    };
    (proof, entries[index as usize].clone())
}

#[test]
fn proofs_read_back_and_hold_only_for_their_entry() {
    let (mut proof, entry) = proof_of(300, 77);
    let text = proof.to_text();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 77\n"));
    assert_eq!(LogProof::parse(&text).unwrap(), proof);
    let verified = proof.verify(&entry, &verifier()).unwrap();
    assert_eq!((verified.index, verified.checkpoint.size), (77, 300));
    assert!(matches!(proof.verify(b"other", &verifier()), Err(LogProofError::Inclusion { index: 77, .. })));
    let stranger = SignerKey::from_seed(ORIGIN, &[8; 32]).unwrap();
    assert!(matches!(proof.verify(&entry, stranger.verifier()), Err(LogProofError::Checkpoint(_))));
    proof.extra = Some(b"context".to_vec());
    assert_eq!(LogProof::parse(&proof.to_text()).unwrap(), proof);
    proof.index = 78;
    assert!(proof.verify(&entry, &verifier()).is_err());

    for (wrong, error) in [
        (text.replacen("@v1", "@v2", 1), LogProofError::Header),
        (text.replacen("index 77", "index 077", 1), LogProofError::Index),
        (text.replacen("index 77", "extra ?", 1), LogProofError::Extra),
        (text.replacen("index 77\n", "", 1), LogProofError::Index),
        (text.replace("\n\n", "\n"), LogProofError::NoCheckpoint),
    ] {
        assert_eq!(LogProof::parse(&wrong).unwrap_err(), error);
    }
    let hashes = format!("{}\n", Hash::EMPTY_ROOT.to_base64()).repeat(65);
    let long = format!("c2sp.org/tlog-proof@v1\nindex 0\n{hashes}\nrest");
    assert_eq!(LogProof::parse(&long).unwrap_err(), LogProofError::TooManyHashes);
}

#[test]
fn any_flipped_bit_of_a_proof_is_found() {
    let (proof, entry) = proof_of(11, 6);
    let text = proof.to_text().into_bytes();
    for at in 0..text.len() * 8 {
        let mut changed = text.clone();
        changed[at / 8] ^= 1 << (at % 8);
        let Ok(changed) = String::from_utf8(changed) else { continue };
        let held = LogProof::parse(&changed).is_ok_and(|proof| proof.verify(&entry, &verifier()).is_ok());
        assert!(!held, "bit {at}: {changed}");
    }
}

proptest! {
    #[test]
    fn random_text_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "(\n|— |\\+|[a-zA-Z0-9/= ]){0,60}") {
        let _ = Note::parse(&bytes);
        let _ = Checkpoint::open(&bytes, &verifier());
        let with_header = format!("c2sp.org/tlog-proof@v1\n{text}");
        for text in [&*String::from_utf8_lossy(&bytes), &text, &with_header] {
            let _ = Note::parse(text.as_bytes());
            let _ = Checkpoint::parse(text);
            let _ = LogProof::parse(text);
            let _ = text.parse::<VerifierKey>();
            let _ = text.parse::<SignerKey>();
            let _ = text.parse::<Hash>();
        }
    }

    #[test]
    fn notes_read_back(lines in prop::collection::vec("[^\\x00-\\x1f]{0,20}", 1..6), seed in any::<[u8; 32]>()) {
        let text = format!("{}\n", lines.join("\n"));
        let key = SignerKey::from_seed("a.example/k", &seed).unwrap();
        let note = Note::sign(&text, &[&key]).unwrap();
        let read = Note::parse(note.to_text().as_bytes()).unwrap();
        prop_assert!(read.verify(&[key.verifier()]).is_ok());
        prop_assert_eq!(read.text(), text);
        prop_assert_eq!(&key.to_secret_text().parse::<SignerKey>().unwrap().verifier().to_string(), &key.verifier().to_string());
    }
}
