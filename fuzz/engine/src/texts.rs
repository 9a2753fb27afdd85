//! What people paste and type: invitation links and recovery keys. Each thing has one spelling, or (recovery keys) reads as what is written for it.

use inmost_core::recovery::RecoveryKey;
use inmost_core::safety::safety_number;
use inmost_public::ids::{Device, Head, Invitation, Org, User};
use inmost_public::invitation::InvitationLink;
use inmost_public::sign::KeyPair;
use inmost_public::sign_in::SignIn;

use crate::script::Script;

/// The first byte chooses: as it is, a valid link or key with changes, or a link around changed bytes.
pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let text = match script.byte() % 4 {
        0 => String::from_utf8_lossy(script.rest()).into_owned(),
        1 => changed(link(script.byte() & 1 == 1).encode(), &mut script),
        2 => changed(
            RecoveryKey::from_random([script.byte(); 16]).to_text().to_string(),
            &mut script,
        ),
        _ => with_account(&mut script),
    };
    if let Ok(link) = InvitationLink::decode(&text) {
        assert_eq!(link.encode(), text, "a link has one spelling");
    }
    if let Ok(key) = RecoveryKey::from_text(&text) {
        let again = RecoveryKey::from_text(&key.to_text());
        assert!(again.is_ok_and(|again| again.as_bytes() == key.as_bytes()));
    }
    let _ = safety_number(Org([1; 16]), &[[2; 32]], &[[3; 32], [4; 32]]);
    let auth = KeyPair::from_seed([9; 32]);
    for nonce in [text.as_bytes(), &[7; 16]] {
        let sign_in = SignIn {
            org: Org([1; 16]),
            origin: &text,
            server_nonce: nonce,
            client_nonce: &[7; 16],
            device: Device([1; 16]),
            time_ms: 0,
        };
        assert!(sign_in.verify(auth.public(), text.as_bytes()).is_err());
        let is_nonce = (16..=64).contains(&nonce.len());
        assert_eq!(sign_in.verify(auth.public(), &sign_in.sign(&auth)).is_ok(), is_nonce);
    }
}

fn link(has_inviter: bool) -> InvitationLink {
    InvitationLink {
        org: Org([1; 16]),
        invitation: Invitation([2; 16]),
        seed: [3; 32],
        account: "alice".into(),
        from: has_inviter.then_some((Head { n: 7, hash: [4; 32] }, User([5; 32]))),
    }
}

fn with_account(script: &mut Script<'_>) -> String {
    let has_inviter = script.byte() & 1 == 1;
    let account = String::from_utf8_lossy(script.rest()).into_owned();
    InvitationLink {
        account,
        ..link(has_inviter)
    }
    .encode()
}

fn changed(text: String, script: &mut Script<'_>) -> String {
    let mut bytes = text.into_bytes();
    while !script.is_over() {
        script.scratch(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
