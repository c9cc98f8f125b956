//! What a log does with a collector's notes.

use rawlog::{Note, NoteKind};

use super::{LogFold, PLAUSIBLE, Run, Sink};
use crate::InterfaceCount;
use crate::noted::keep_count;

impl<S: Sink> LogFold<S> {
    pub(super) fn note(&mut self, note: &Note<'_>) {
        let machine = match &mut self.run {
            Some(run) => {
                run.fold.take_note(note);
                &mut run.fold.machine
            }
            None => {
                self.machine.note(note);
                &mut self.machine
            }
        };
        let waits = |run: &Run| (run.waiting.as_ref()).is_some_and(|one| !one.frames.is_empty());
        if PLAUSIBLE.contains(&note.timestamp) {
            machine.noted_at = Some(note.timestamp);
        }
        // The frames before it are not placed yet.
        if let Some(run) = self.run.as_mut().filter(|run| waits(run)) {
            run.fold.machine.noted_at = None;
        }
        if let NoteKind::Started = note.told
            && self.runs == 0
        {
            self.is_started = true;
        }
        if let NoteKind::Begun(_) = note.told {
            self.summary.collections += 1;
        }
        if !PLAUSIBLE.contains(&note.timestamp) {
            return;
        }
        let collection = self.summary.collections;
        self.summary.noted.take(collection, note);
        if let NoteKind::Interface(interface) = note.told {
            let count = InterfaceCount {
                collection,
                time: note.timestamp,
                name: String::from_utf8_lossy(&interface.name.text()).into_owned(),
                kind: interface.kind.to_owned(),
                received: (interface.received_bytes, interface.received_packets),
                sent: (interface.sent_bytes, interface.sent_packets),
            };
            keep_count(&mut self.summary.interfaces, count);
        }
    }
}
