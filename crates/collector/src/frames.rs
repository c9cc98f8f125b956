//! Where bandwhich's frames end, in bytes that come from a pipe.
//!
//! bandwhich prints a frame at once and then is silent until the next second. A frame ends where an
//! empty line was followed by silence: an empty line alone may have been printed by the name of a
//! process. If there is no silence, it ends before a header that follows an empty line.

/// The most bytes that are kept of a frame.
const MOST: usize = 16 << 20;
/// From here on no silence is waited for.
const MANY: usize = 1 << 20;

/// Gathers what comes and gives whole frames out.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    text: Vec<u8>,
}

/// What is printed is no raw output of a version that is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoFrames;

impl Frames {
    /// Takes what came; gives frames only where much came without a pause.
    ///
    /// # Errors
    /// If so much came that it cannot be one frame.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, NoFrames> {
        self.text.extend_from_slice(bytes);
        if self.text.len() < MANY {
            return Ok(None);
        }
        let header = b"\n\nRefreshing:\n";
        let border = (self.text.windows(header.len())).rposition(|window| window == header);
        match border {
            Some(at) => {
                let rest = self.text.split_off(at + 2);
                Ok(Some(std::mem::replace(&mut self.text, rest)))
            }
            None if self.text.len() > MOST => Err(NoFrames),
            None => Ok(None),
        }
    }

    /// Nothing came for a while: gives what is whole.
    pub(crate) fn pause(&mut self) -> Option<Vec<u8>> {
        let whole = self.text.ends_with(b"\n\n") && self.text.starts_with(b"Refreshing:\n");
        whole.then(|| std::mem::take(&mut self.text))
    }

    /// Whether a frame was begun and not ended.
    pub(crate) fn is_within_frame(&self) -> bool {
        !self.text.is_empty()
    }

    /// bandwhich ended: gives the whole frames that are left, and how many bytes of a cut one.
    pub(crate) fn end(&mut self) -> (Option<Vec<u8>>, usize) {
        let mut text = std::mem::take(&mut self.text);
        if !text.starts_with(b"Refreshing:\n") {
            return (None, text.len());
        }
        let border = text.windows(2).rposition(|window| window == b"\n\n");
        let cut = text.split_off(border.map_or(0, |at| at + 2));
        ((!text.is_empty()).then_some(text), cut.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: &[u8] = b"Refreshing:\n<NO TRAFFIC>\n\n";

    #[test]
    fn a_frame_ends_with_an_empty_line_and_silence() {
        let mut frames = Frames::default();
        for byte in IDLE {
            assert_eq!(frames.pause(), None);
            assert_eq!(frames.take(&[*byte]), Ok(None));
        }
        assert_eq!(frames.pause().as_deref(), Some(IDLE));
        assert!(!frames.is_within_frame());
        assert_eq!(frames.pause(), None);
    }

    #[test]
    fn an_empty_line_that_a_name_printed_ends_no_frame() {
        let mut frames = Frames::default();
        frames
            .take(b"Refreshing:\nprocess: <1> \"\n\nRefreshing:\n")
            .unwrap();
        assert_eq!(frames.pause(), None);
        frames
            .take(b"\" up/down Bps: 1/1 connections: 1\n\n")
            .unwrap();
        assert!(frames.pause().unwrap().ends_with(b"connections: 1\n\n"));
    }

    #[test]
    fn without_silence_frames_end_before_a_header() {
        let mut frames = Frames::default();
        let (mut taken, mut given) = (0, 0);
        for _ in 0..100_000 {
            taken += IDLE.len();
            if let Some(text) = frames.take(IDLE).unwrap() {
                assert!(text.starts_with(b"Refreshing") && text.ends_with(b"\n\n"));
                given += text.len();
            }
            assert!(taken - given < 2 * MANY);
        }
        assert_eq!(given + frames.end().0.unwrap().len(), taken);
    }

    #[test]
    fn a_frame_without_end_is_not_kept() {
        let mut frames = Frames::default();
        let outcome = (0..1000)
            .map(|_| frames.take(&[b'x'; 65_536]))
            .find(Result::is_err);
        assert_eq!(outcome, Some(Err(NoFrames)));
        assert!(frames.text.len() <= MOST + 65_536);
    }

    #[test]
    fn what_was_cut_is_told_apart_from_what_is_whole() {
        let mut frames = Frames::default();
        frames.take(IDLE).unwrap();
        frames.take(b"Refreshing:\nproc").unwrap();
        assert_eq!(frames.end(), (Some(IDLE.to_vec()), 16));
        frames.take(b"error").unwrap();
        assert_eq!(frames.end(), (None, 5));
    }
}
