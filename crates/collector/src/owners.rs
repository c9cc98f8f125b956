//! Which process holds the socket of a connection, looked up where a frame shows a new one.
//!
//! Only processes that have the name which bandwhich printed are looked into, and looking takes at
//! most a twentieth of the time. A right that is missing leaves process ids out and is no error.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Instant;

use procfs::net::TcpState;
use procfs::process::{FDTarget, Process, all_processes};
use rawlog::{Note, NoteKind, Owner, Protocol, Quoted, Row, RowList, escape};

/// A connection by protocol, local and remote port.
type Ports = (Protocol, u16, u16);

/// Frames after which a connection that is gone is forgotten. bandwhich shows it for four more.
const FORGET_AFTER: u64 = 10;
/// Frames after which a process is looked for again; its socket may come later than its packets.
const TRIES: [u64; 3] = [1, 4, 20];
/// Frames between two looks at whether the processes still live.
const VERIFY_EVERY: u64 = 30;
/// Connections that are remembered.
const MOST: usize = 50_000;
/// A look that took so long is followed by a pause of so many times that.
const REST: u32 = 20;
const UNKNOWN: &[u8] = b"<UNKNOWN>";

/// The owners of the connections that live.
#[derive(Debug)]
pub(crate) struct Owners {
    known: HashMap<Ports, Known>,
    frame: u64,
    not_before: Option<Instant>,
}

#[derive(Debug)]
struct Known {
    process: Box<[u8]>,
    holder: Option<Holder>,
    seen: u64,
    tries: usize,
    next_try: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Holder {
    pid: i32,
    started: u64,
    executable: Option<Vec<u8>>,
}

impl Owners {
    pub(crate) fn new() -> Self {
        Owners {
            known: HashMap::new(),
            frame: 0,
            not_before: None,
        }
    }

    /// Looks up the owners of what is new in these frames; appends a note of each that was found.
    pub(crate) fn look(&mut self, frames: &[u8], timestamp: i64, out: &mut Vec<u8>) {
        self.frame += 1;
        self.see(frames);
        let frame = self.frame;
        self.known
            .retain(|_, known| known.seen + FORGET_AFTER >= frame);
        if frame.is_multiple_of(VERIFY_EVERY) {
            self.verify();
        }
        let wanted: Vec<Ports> = (self.known.iter())
            .filter(|(_, known)| {
                known.holder.is_none() && known.seen == frame && known.next_try <= frame
            })
            .map(|(ports, _)| *ports)
            .collect();
        let now = Instant::now();
        if wanted.is_empty() || self.not_before.is_some_and(|time| now < time) {
            return;
        }
        let mut found = self.find(&wanted);
        self.not_before = Some(now + now.elapsed() * REST);
        for ports in wanted {
            let Some(known) = self.known.get_mut(&ports) else {
                continue;
            };
            known.holder = found.remove(&ports);
            known.next_try = (TRIES.get(known.tries)).map_or(u64::MAX, |wait| frame + wait);
            known.tries += 1;
            note(ports, known, timestamp, out);
        }
    }

    /// Appends a note of each owner that is known: what a log begins with.
    pub(crate) fn all(&self, timestamp: i64, out: &mut Vec<u8>) {
        for (ports, known) in &self.known {
            note(*ports, known, timestamp, out);
        }
    }

    /// Notes which connections the frames show.
    fn see(&mut self, frames: &[u8]) {
        for row in RowList::of(frames).rows().iter() {
            let Row::Connection(row) = row.row() else {
                continue;
            };
            let ports = (row.protocol, row.local_port, row.remote_port);
            if let Some(known) = self.known.get_mut(&ports)
                && (*known.process == *row.process || row.process == UNKNOWN)
            {
                known.seen = self.frame;
            } else if row.process != UNKNOWN && self.known.len() < MOST {
                let known = Known {
                    process: row.process.into(),
                    holder: None,
                    seen: self.frame,
                    tries: 0,
                    next_try: 0,
                };
                self.known.insert(ports, known);
            }
        }
    }

    /// Forgets processes that ended: their ports may be another's by now.
    fn verify(&mut self) {
        let mut alive: HashMap<i32, Option<u64>> = HashMap::new();
        for known in self.known.values_mut() {
            let Some(holder) = &known.holder else {
                continue;
            };
            let started = alive
                .entry(holder.pid)
                .or_insert_with(|| started(holder.pid));
            if *started != Some(holder.started) {
                (known.holder, known.tries, known.next_try) = (None, 0, 0);
            }
        }
    }

    /// Finds who alone holds each of these connections.
    fn find(&self, wanted: &[Ports]) -> HashMap<Ports, Holder> {
        let sockets = sockets(wanted);
        let names: HashSet<&[u8]> = (wanted.iter())
            .map(|ports| &*self.known[ports].process)
            .collect();
        let mut holders: HashMap<Ports, BTreeSet<i32>> = HashMap::new();
        for process in all_processes().into_iter().flatten().flatten() {
            let Some(name) = name(process.pid) else {
                continue;
            };
            if !names.contains(&*name) {
                continue;
            }
            let descriptors = process.fd().into_iter().flatten().flatten();
            for descriptor in descriptors {
                let FDTarget::Socket(inode) = descriptor.target else {
                    continue;
                };
                for ports in sockets.get(&inode).into_iter().flatten() {
                    if *self.known[ports].process == *name {
                        holders.entry(*ports).or_default().insert(process.pid);
                    }
                }
            }
        }
        let alone = holders.into_iter().filter(|(_, pids)| pids.len() == 1);
        alone
            .filter_map(|(ports, pids)| Some((ports, Holder::of(*pids.first()?)?)))
            .collect()
    }
}

impl Holder {
    fn of(pid: i32) -> Option<Self> {
        let executable = Process::new(pid).and_then(|process| process.exe()).ok();
        Some(Holder {
            pid,
            started: started(pid)?,
            executable: executable.map(|path| path.into_os_string().into_encoded_bytes()),
        })
    }
}

fn started(pid: i32) -> Option<u64> {
    Some(Process::new(pid).ok()?.stat().ok()?.starttime)
}

/// The name of a process as bandwhich prints it.
fn name(pid: i32) -> Option<Vec<u8>> {
    let name = std::fs::read(format!("/proc/{pid}/comm")).ok()?;
    let name = name.strip_suffix(b"\n").unwrap_or(&name);
    Some(String::from_utf8_lossy(name).into_owned().into_bytes())
}

/// The connections that each socket carries.
fn sockets(wanted: &[Ports]) -> HashMap<u64, Vec<Ports>> {
    let mut sockets: HashMap<u64, Vec<Ports>> = HashMap::new();
    let exact: HashSet<Ports> = wanted.iter().copied().collect();
    let mut local: HashMap<u16, Vec<Ports>> = HashMap::new();
    for ports in wanted.iter().filter(|ports| ports.0 == Protocol::Udp) {
        local.entry(ports.1).or_default().push(*ports);
    }
    let tcp = [procfs::net::tcp(), procfs::net::tcp6()];
    for socket in tcp.into_iter().flatten().flatten() {
        let ports = (
            Protocol::Tcp,
            socket.local_address.port(),
            socket.remote_address.port(),
        );
        if socket.state != TcpState::Listen && socket.inode != 0 && exact.contains(&ports) {
            sockets.entry(socket.inode).or_default().push(ports);
        }
    }
    let udp = [procfs::net::udp(), procfs::net::udp6()];
    for socket in udp.into_iter().flatten().flatten() {
        // A socket that is not connected carries what comes from any port.
        let remote = socket.remote_address.port();
        let candidates = local.get(&socket.local_address.port()).into_iter();
        for ports in candidates.flatten() {
            if remote == 0 || remote == ports.2 {
                sockets.entry(socket.inode).or_default().push(*ports);
            }
        }
    }
    sockets
}

fn note(ports: Ports, known: &Known, timestamp: i64, out: &mut Vec<u8>) {
    let Some(holder) = &known.holder else { return };
    let process = escape(&known.process);
    let executable = holder.executable.as_deref().map(escape);
    let (protocol, local_port, remote_port) = ports;
    let (Some(process), Ok(pid)) = (Quoted::of_escaped(&process), u32::try_from(holder.pid)) else {
        return;
    };
    let told = NoteKind::Owner(Owner {
        local_port,
        remote_port,
        protocol,
        pid,
        process,
        executable: executable.as_deref().and_then(Quoted::of_escaped),
    });
    Note { timestamp, told }.print(out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream, UdpSocket};

    fn own_name() -> String {
        let name = name(std::process::id().cast_signed()).unwrap();
        String::from_utf8(name).unwrap()
    }

    fn row(local: u16, remote: u16, protocol: &str, name: &str) -> String {
        format!(
            "connection: <7> <lo>:{local} => 127.0.0.1:{remote} ({protocol}) up/down Bps: 1/1 \
             process: \"{name}\"\n"
        )
    }

    fn looked_up(owners: &mut Owners, frame: &str) -> String {
        let mut out = Vec::new();
        owners.not_before = None;
        owners.look(frame.as_bytes(), 7, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_owner_of_a_connection_is_noted_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (local, remote) = (
            stream.local_addr().unwrap().port(),
            stream.peer_addr().unwrap().port(),
        );
        let name = own_name();
        let frame = row(local, remote, "tcp", &name);
        let mut owners = Owners::new();
        let found = looked_up(&mut owners, &frame);
        let (pid, name) = (std::process::id(), escape(name.as_bytes()));
        let name = String::from_utf8(name).unwrap();
        let expected = format!(
            "owner :{local} => :{remote} (tcp) pid {pid} process \"{name}\" executable \"/"
        );
        assert!(found.contains(&expected), "{found}");
        assert_eq!(found.lines().count(), 1);
        assert_eq!(looked_up(&mut owners, &frame), "");
        let mut again = Vec::new();
        owners.all(7, &mut again);
        assert_eq!(String::from_utf8(again).unwrap(), found);
        for _ in 0..=FORGET_AFTER {
            looked_up(&mut owners, "");
        }
        assert!(owners.known.is_empty());
    }

    #[test]
    fn an_unconnected_socket_carries_what_comes_from_any_port() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let frame = row(port, 4321, "udp", &own_name());
        let found = looked_up(&mut Owners::new(), &frame);
        assert!(
            found.contains(&format!("owner :{port} => :4321 (udp) pid ")),
            "{found}"
        );
    }

    #[test]
    fn a_name_that_is_not_the_holders_is_not_noted() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        for name in ["somebody else", "<UNKNOWN>"] {
            let frame = row(port, 4321, "udp", name);
            assert_eq!(looked_up(&mut Owners::new(), &frame), "");
        }
    }

    #[test]
    fn what_is_not_found_is_looked_for_a_few_times_only() {
        let frame = row(1, 2, "tcp", "nobody");
        let mut owners = Owners::new();
        for _ in 0..100 {
            looked_up(&mut owners, &frame);
        }
        let known = owners.known.values().next().unwrap();
        assert_eq!((known.tries, known.next_try), (TRIES.len() + 1, u64::MAX));
    }
}
