//! Single sign-out (SAML Profiles 4.4, front channel): a session ends here, then in each application that
//! it was signed on to, one after another through the browser, then whoever asked gets the answer.
//!
//! The state is saved before each step, and [`SignOut::next`] alone decides from it what comes next; every
//! step ends with the browser coming back.

mod course;
mod messages;
mod pages;
mod refusal;
mod store;

use serde::{Deserialize, Serialize};

pub use course::{answered, go_on, local, requested};
pub use refusal::SignOutRefusal;
pub use store::{clear_away, remember};

use super::decide::Grant;
use super::issue::Issued;

/// Most applications that one sign-out visits.
const MOST_STEPS: usize = 100;

/// An application that a session was signed on to, and under which name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The application's object id.
    pub application_id: String,
    /// The NameID of the last assertion.
    pub name_id: String,
    /// Its format.
    pub name_id_format: String,
    /// Its SPNameQualifier.
    pub sp_name_qualifier: Option<String>,
    /// The SessionIndex of the last assertion.
    pub session_index: String,
}

impl Participant {
    /// What an assertion said to an application.
    pub fn of(application_id: &str, grant: &Grant, issued: &Issued) -> Self {
        Self {
            application_id: application_id.to_owned(),
            name_id: grant.name_id.value.clone(),
            name_id_format: grant.name_id.format.clone(),
            sp_name_qualifier: grant.sp_name_qualifier.clone(),
            session_index: issued.session_index.clone(),
        }
    }
}

/// The application that asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initiator {
    /// Its object id.
    pub application_id: String,
    /// The ID of its LogoutRequest.
    pub request_id: String,
    /// The name of the person in it.
    pub name_id: String,
    /// To be sent back as it came.
    pub relay_state: Option<String>,
}

/// How far it is with one application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Not asked yet.
    Waiting,
    /// The browser is on its way with the LogoutRequest of this ID.
    Sent(String),
    /// It signed the person out.
    Done,
    /// It did not, or did not say so.
    Failed,
    /// It has no logout URL.
    NoLogoutUrl,
}

/// One application to sign out of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which.
    pub participant: Participant,
    /// How far it is.
    pub progress: Progress,
}

/// A sign-out under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOut {
    /// Who asked; none: the person, here.
    pub initiator: Option<Initiator>,
    /// Whether the session here has ended; before that nothing is sent.
    pub session_ended: bool,
    /// The applications in their order.
    pub steps: Vec<Step>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// End the session of this browser.
    EndSession,
    /// Send the browser to the application of this step.
    Send(usize),
    /// Answer whoever asked.
    Finish,
}

impl SignOut {
    /// A request of an application, before the session was looked at.
    pub fn requested(initiator: Initiator) -> Self {
        Self { initiator: Some(initiator), session_ended: false, steps: Vec::new() }
    }

    /// The same once the session has ended, which took part in these. The one that asked ends its own.
    #[must_use]
    pub fn ended(mut self, participants: Vec<Participant>) -> Self {
        let asked = self.initiator.as_ref().map(|i| i.application_id.clone());
        let others = participants.into_iter().filter(|p| Some(&p.application_id) != asked.as_ref());
        let step = |participant| Step { participant, progress: Progress::Waiting };
        self.steps = others.take(MOST_STEPS).map(step).collect();
        self.session_ended = true;
        self
    }

    /// What comes next.
    pub fn next(&self) -> Next {
        if !self.session_ended {
            return Next::EndSession;
        }
        let waiting = self.steps.iter().position(|step| step.progress == Progress::Waiting);
        waiting.map_or(Next::Finish, Next::Send)
    }

    /// The browser came back, but with no answer of the application that it was sent to.
    pub fn came_back(&mut self) {
        for step in &mut self.steps {
            if matches!(step.progress, Progress::Sent(_)) {
                step.progress = Progress::Failed;
            }
        }
    }

    /// The step that is under way, with the ID of its request.
    pub fn under_way(&self) -> Option<(usize, &str)> {
        self.steps.iter().enumerate().find_map(|(n, step)| match &step.progress {
            Progress::Sent(id) => Some((n, id.as_str())),
            _ => None,
        })
    }

    /// Whether every application signed the person out. One that cannot be asked counts as one that did
    /// not (SAML Core 3.7.3.2: PartialLogout).
    pub fn complete(&self) -> bool {
        self.steps.iter().all(|step| step.progress == Progress::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn participant(id: &str) -> Participant {
        Participant {
            application_id: id.to_owned(),
            name_id: "ana@contoso.example".to_owned(),
            name_id_format: "f".to_owned(),
            sp_name_qualifier: None,
            session_index: "_s".to_owned(),
        }
    }

    #[test]
    fn the_session_ends_first_then_each_other_application_then_the_answer() {
        let initiator = Initiator {
            application_id: "a".to_owned(),
            request_id: "_r".to_owned(),
            name_id: "ana@contoso.example".to_owned(),
            relay_state: None,
        };
        let asked = SignOut::requested(initiator);
        assert_eq!(asked.next(), Next::EndSession);
        let mut running = asked.ended(vec![participant("a"), participant("b"), participant("c")]);
        assert_eq!(running.steps.len(), 2, "the one that asked is not asked");
        assert_eq!(running.next(), Next::Send(0));
        running.steps[0].progress = Progress::Sent("_1".to_owned());
        assert_eq!((running.under_way(), running.next()), (Some((0, "_1")), Next::Send(1)));
        running.came_back();
        assert_eq!(running.steps[0].progress, Progress::Failed, "no answer is no success");
        running.steps[1].progress = Progress::Done;
        assert_eq!((running.next(), running.complete()), (Next::Finish, false));
    }
}
