//! What is no server, where it is not known or only taken to be so which interfaces are its own.

use super::{Place, Question, ask};
use crate::{
    answer::{Answer, Best, Disposition, Verdict},
    model::{Network, Owned},
};

/// Interfaces that are asked for one.
const INTERFACES_MAX: usize = 32;

/// The thing of a place, where its interfaces were taken to be its own from what they look like.
fn taken<'n>(network: &'n Network, place: &Place) -> Option<(&'n str, &'n Owned)> {
    let Place::Instance(id) = place else { return None };
    let number = network.owned.number(id)?;
    network.owned.at(number).filter(|one| one.is_taken()).map(|one| (network.owned.id(number), one))
}

/// The answer where one side is such a thing; none where neither is.
///
/// Where there are as many interfaces as things that look alike, one is its own at least: what is answered of all of them alike is
/// so whichever it is.
pub(super) fn ask_each(network: &Network, question: &Question) -> Option<Answer> {
    let (uid, owned, is_client) = match (taken(network, &question.from), taken(network, &question.to)) {
        (Some((uid, owned)), _) => (uid, owned, true),
        (None, Some((uid, owned))) => (uid, owned, false),
        (None, None) => return None,
    };
    let mut best = Best::default();
    let mut verdicts = Vec::new();
    for number in owned.interfaces.iter().take(INTERFACES_MAX) {
        let place = Place::Interface(*number);
        let mut asked = question.clone();
        *(if is_client { &mut asked.from } else { &mut asked.to }) = place;
        let answer = ask(network, &asked);
        verdicts.push(answer.verdict);
        best.take(answer);
    }
    let mut answer = best.or_nothing("no network interface of it was seen");
    let ids: Vec<&str> = owned.interfaces.iter().map(|number| network.interfaces.id(*number)).collect();
    let is_alike = verdicts.iter().all(|verdict| *verdict == answer.verdict);
    if let Some(unread) = network.unlisted(&owned.at, "AWS::EC2::NetworkInterface")
        && answer.verdict < Verdict::OnlyIf
    {
        (answer.verdict, answer.disposition) = (Verdict::Unknown, Disposition::Unknown);
        answer.missing.push(unread.0);
        return Some(answer);
    }
    if owned.rivals.is_empty() {
        let told = format!("{} is of {uid}: groups, subnet and maker are the same", ids.join(", "));
        answer.assumptions.push(told);
    } else if is_alike && (owned.interfaces.len() > owned.rivals.len() || answer.verdict == Verdict::No) {
        answer
            .assumptions
            .push(format!("one of {} is of {uid}; the answer is the same for all", ids.join(", ")));
    } else {
        (answer.verdict, answer.disposition) = (Verdict::Unknown, Disposition::Unknown);
        answer.missing.push(format!(
            "which of {} is of {uid} is not known: {} looks the same",
            ids.join(", "),
            owned.rivals.join(", ")
        ));
    }
    Some(answer)
}
