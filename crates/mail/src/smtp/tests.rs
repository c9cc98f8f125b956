//! Servers that send what no mail server should, at each point of a conversation.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use super::*;

/// What a server does when the conversation has come to its point.
type Mischief = fn(&mut TcpStream);

/// A server that behaves until it is sent `point` (until it is called, if that is empty), and then
/// does something else. It ends once it cannot write any more; it returns what it was sent.
struct Hostile {
    port: u16,
    thread: JoinHandle<String>,
}

impl Hostile {
    fn open(point: &'static str, mischief: Mischief) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let mut heard = String::new();
            let mut command = String::new();
            loop {
                if command == point {
                    mischief(&mut stream);
                    break;
                }
                let reply = match command.as_str() {
                    "" => "220 ready",
                    "EHLO" => "250-me\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN",
                    "DATA" => "354 go on",
                    _ => "250 fine",
                };
                write!(stream, "{reply}\r\n").unwrap();
                let mut line = String::new();
                // Letters are read to their end, and count as the command ".".
                while lines.read_line(&mut line).unwrap_or(0) > 0 && command == "DATA" {
                    if line.trim_end() == "." {
                        break;
                    }
                    line.clear();
                }
                if line.is_empty() {
                    break;
                }
                heard += &line;
                command = line.split_whitespace().next().unwrap().to_owned();
            }
            heard
        });
        Self { port, thread }
    }

    fn server(&self, security: Security) -> Server {
        Server {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security,
            ca_file: None,
            credentials: None,
            allow_plaintext_auth: false,
            timeout: Duration::from_secs(3),
        }
    }

    /// An attempt without TLS; holds that it ends with its time, and ends the connection then.
    fn attempt(self) -> Trouble {
        let begun = Instant::now();
        let to = ["b@example.org".to_owned()];
        let sent =
            self.server(Security::Plain)
                .send("a@example.org", &to, b"letter\r\n", |_, _| {});
        // If a thread of the client lived on, this one would, too.
        self.thread.join().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5), "{sent:?}");
        sent.unwrap_err()
    }
}

/// The points of a conversation without TLS.
const POINTS: [&str; 6] = ["", "EHLO", "MAIL", "RCPT", "DATA", "."];

/// Writes something again and again, until nobody reads any more.
fn pour(stream: &mut TcpStream, bytes: &[u8]) {
    // Whoever has stopped to read without ending the connection is found out by this.
    let patience = Some(Duration::from_secs(8));
    stream.set_write_timeout(patience).unwrap();
    while stream.write_all(bytes).is_ok() {}
}

#[test]
fn a_line_without_end_is_not_held_in_memory() {
    for point in POINTS {
        let trouble = Hostile::open(point, |stream| pour(stream, &[b'2'; 65_536])).attempt();
        assert!(trouble.reason.contains("a line without end"), "{trouble}");
    }
}

#[test]
fn a_reply_without_end_is_not_held_in_memory() {
    let long: Mischief = |stream| pour(stream, "250-more\r\n".repeat(1000).as_bytes());
    let empty: Mischief = |stream| pour(stream, "220-\r\n".repeat(1000).as_bytes());
    for mischief in [long, empty] {
        for point in POINTS {
            let trouble = Hostile::open(point, mischief).attempt();
            assert!(trouble.reason.contains("a reply without end"), "{trouble}");
        }
    }
}

#[test]
fn only_a_positive_completion_accepts_a_message() {
    let answers: [Mischief; 2] = [
        |stream| stream.write_all(b"354 go on\r\n").unwrap(),
        |stream| stream.write_all(b"334 dXNlcg==\r\n").unwrap(),
    ];
    for answer in answers {
        let trouble = Hostile::open(".", answer).attempt();
        assert!(
            trouble.reason.contains("does not say that it took"),
            "{trouble}"
        );
    }
}

#[test]
fn a_message_is_sent_only_to_a_server_that_waits_for_it() {
    let hostile = Hostile::open("DATA", |stream| stream.write_all(b"250 fine\r\n").unwrap());
    let trouble = hostile.attempt();
    assert!(trouble.reason.contains("does not wait for"), "{trouble}");
}

#[test]
fn a_byte_now_and_then_does_not_make_an_attempt_longer() {
    for point in ["", "EHLO", "DATA", "."] {
        let trouble = Hostile::open(point, |stream| {
            while stream.write_all(b"2").is_ok() {
                thread::sleep(Duration::from_millis(100));
            }
        })
        .attempt();
        assert_eq!(trouble.reason, "no answer within 3 s", "{point}");
    }
}

#[test]
fn what_comes_between_starttls_and_the_encryption_is_refused() {
    let hostile = Hostile::open("STARTTLS", |stream| {
        stream
            .write_all(b"220 go on\r\n250-me\r\n250 AUTH PLAIN\r\n")
            .unwrap();
    });
    let trouble = hostile.server(Security::StartTls).examine(|_, _| {});
    let trouble = trouble.unwrap_err();
    assert_eq!(trouble.step, Step::Encrypt);
    assert!(trouble.reason.contains("bytes came between"), "{trouble}");
    let heard = hostile.thread.join().unwrap();
    assert!(heard.ends_with("STARTTLS\r\n"), "{heard}");
}

#[test]
fn bytes_without_end_in_place_of_tls_are_refused() {
    let no_tls: Mischief = |stream| pour(stream, &[b'x'; 16_384]);
    let certificate: Mischief = |stream| {
        // A record of the largest length, with the begin of a certificate of 16 MB.
        let head = [22, 3, 3, 0x40, 0, 11, 255, 255, 255];
        pour(stream, &[&head[..], &[0; 16_380]].concat());
    };
    for mischief in [no_tls, certificate] {
        let hostile = Hostile::open("", mischief);
        let begun = Instant::now();
        let trouble = hostile.server(Security::Tls).examine(|_, _| {});
        assert_eq!(trouble.unwrap_err().step, Step::Encrypt);
        hostile.thread.join().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn what_is_no_smtp_is_named() {
    for (said, reason) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak SMTP"),
        ("\r\n", "does not speak SMTP"),
        ("2\u{20ac}0 \r\n", "does not speak SMTP"),
        ("250-a\r\n550 b\r\n", "does not speak SMTP"),
        ("554\r\n", "the server says 554"),
        (
            "554-5.7.1 go\r\n554 5.7.1 away\r\n",
            "the server says 554 5.7.1 go away",
        ),
        ("220-a\r\n220", "the server hung up"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(said.as_bytes()).unwrap();
        });
        let hostile = Hostile {
            port,
            thread: thread::spawn(String::new),
        };
        let trouble = hostile.server(Security::Plain).examine(|_, _| {});
        let trouble = trouble.unwrap_err();
        assert!(trouble.reason.contains(reason), "{said:?}: {trouble}");
        thread.join().unwrap();
    }
}
