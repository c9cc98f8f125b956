//! How a message gets to an SMTP server: resolve, connect, encrypt, log in, hand over.

mod attempt;
mod connection;
mod parcel;
mod server;
mod trouble;

use std::sync::mpsc;
use std::time::{Duration, Instant};

pub use parcel::Answer;
use parcel::{Parcel, Progress, transfer_time};
pub use server::{Credentials, Security, Server, Step};
pub use trouble::Trouble;

impl Server {
    /// Sends one message (`eml`) to bare addresses, one answer each. `passed` hears of each step
    /// that succeeded. It returns within the server's time, whatever the server does.
    ///
    /// # Errors
    /// If the attempt failed for all recipients and is worth another one. The server may still
    /// have taken the message, if it was cut off after the last byte.
    pub fn send(
        &self,
        from: &str,
        to: &[String],
        eml: &[u8],
        passed: impl FnMut(Step, &str),
    ) -> Result<Vec<Answer>, Trouble> {
        self.attempt(
            Some(Parcel {
                from: from.to_owned(),
                to: to.to_vec(),
                eml: eml.to_vec(),
            }),
            passed,
        )
    }

    /// Goes the way of a message up to the login, and hands nothing over.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub fn examine(&self, passed: impl FnMut(Step, &str)) -> Result<(), Trouble> {
        self.attempt(None, passed).map(drop)
    }

    /// An attempt with a message, or without one up to the login.
    fn attempt(
        &self,
        parcel: Option<Parcel>,
        mut passed: impl FnMut(Step, &str),
    ) -> Result<Vec<Answer>, Trouble> {
        let to_transfer = parcel
            .as_ref()
            .map_or(Duration::ZERO, |parcel| transfer_time(&parcel.eml));
        let mut deadline = Instant::now() + self.timeout;
        let mut time = self.timeout;
        let (tell, told) = mpsc::channel();
        let server = self.clone();
        // Resolving a name knows no time limit: so nobody waits for the thread itself. All that follows
        // ends by itself at the deadline (see `connection.rs`).
        std::thread::spawn(move || {
            let ended = attempt::attempt(&server, parcel.as_ref(), deadline, &tell);
            // Nobody listens any more where the time was up.
            let _ = tell.send(Progress::Ended(ended));
        });
        let mut step = Step::Resolve;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match told.recv_timeout(left + Duration::from_millis(200)) {
                Ok(Progress::Began(next)) => {
                    step = next;
                    if step == Step::Accept {
                        deadline += to_transfer;
                        time += to_transfer;
                    }
                }
                Ok(Progress::Passed(step, detail)) => passed(step, &detail),
                Ok(Progress::Ended(ended)) => return ended,
                Err(_) => return Err(Trouble::no_answer(step, self, time)),
            }
        }
    }
}

#[cfg(test)]
#[path = "smtp/tests.rs"]
mod tests;
