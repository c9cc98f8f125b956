//! The capture of a running bandwhich: its packet sockets, their buffers, and what was dropped.
//!
//! The kernel lists all packet sockets with the packets that each had to drop, since it was made, for want of
//! room (`packet_diag`, as `ss -0 -m` shows it). Which are bandwhich's, its descriptors tell. A larger buffer
//! needs a copy of the descriptor (`pidfd_getfd`), and with it the right to look into bandwhich. What is not
//! allowed is told once, and the rest goes on.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::time::{Duration, Instant};

use procfs::ProcError;
use procfs::process::{FDTarget, Process, all_processes};
use rustix::net::netlink::SOCK_DIAG;
use rustix::net::sockopt;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use crate::interfaces::Interface;
use crate::netlink::{Attributes, Netlink, u32_at};
use crate::network::Network;
use crate::plan::Event;

/// Milliseconds from bandwhich's start to looks at its sockets, which it opens a little after.
const LOOKS: [u64; 8] = [20, 50, 100, 200, 400, 1000, 2000, 4000];
/// Time between two looks later: bandwhich opens a socket again whose interface was down, and what was
/// dropped since the last look is lost with it if it is killed.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often the descriptors are looked through for the owner of a socket.
const MOST_TRIES: u8 = 3;
/// How often drops are told.
const TELL_EVERY: Duration = Duration::from_secs(3600);

/// What passed a capture since the collector began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) packets: u64,
    pub(crate) dropped: u64,
}

/// Sums of one interface, and what they were last compared with.
#[derive(Debug, Default)]
struct Count {
    passed: Passed,
    /// The interface's own packets when they were added last. `None` if bandwhich has no socket.
    counter: Option<u64>,
}

/// A packet socket as the kernel lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) inode: u32,
    /// The number of its interface; 0 between its making and its binding.
    pub(crate) link: u32,
    dropped: u32,
}

/// Whose descriptor a socket is.
#[derive(Clone, Copy, Debug)]
struct Descriptor {
    pid: i32,
    number: i32,
}

/// Watches the captures of one bandwhich after the other.
pub(crate) struct Capture {
    /// Bytes of each socket's receive buffer. 0 leaves it as it is.
    buffer: usize,
    netlink: io::Result<Netlink>,
    pid: i32,
    /// Whose the sockets are: its own, or those of what a script started in its place.
    readers: BTreeSet<i32>,
    /// When bandwhich was started.
    started: Instant,
    looks: usize,
    due: Instant,
    /// bandwhich's sockets: the name of the interface, and what each had dropped.
    sockets: HashMap<u32, (String, u32)>,
    /// Sockets that are others', and how often their owner was looked for.
    foreign: HashMap<u32, u8>,
    counts: BTreeMap<String, Count>,
    has_told: Told,
    told_drops: Option<(Instant, Passed)>,
}

/// What was told, which is not told again.
#[derive(Debug, Default)]
struct Told {
    drops: bool,
    buffer: bool,
}

impl Capture {
    pub(crate) fn new(buffer: usize) -> Self {
        Capture {
            buffer,
            netlink: Netlink::open(Some(SOCK_DIAG), 0),
            pid: 0,
            readers: BTreeSet::new(),
            started: Instant::now(),
            looks: 0,
            due: Instant::now(),
            sockets: HashMap::new(),
            foreign: HashMap::new(),
            counts: BTreeMap::new(),
            has_told: Told::default(),
            told_drops: None,
        }
    }

    /// A bandwhich was started.
    pub(crate) fn follow(&mut self, pid: u32, now: Instant) {
        self.pid = pid.cast_signed();
        self.readers.clear();
        self.sockets.clear();
        self.foreign.clear();
        self.started = now;
        self.looks = 0;
        self.due = now + Duration::from_millis(LOOKS[0]);
        for count in self.counts.values_mut() {
            count.counter = None;
        }
    }

    /// The interface's names that bandwhich has sockets for.
    pub(crate) fn interfaces(&self) -> impl Iterator<Item = &str> {
        let watched = self
            .counts
            .iter()
            .filter(|(_, count)| count.counter.is_some());
        watched.map(|(name, _)| name.as_str())
    }

    /// What passed each interface that was ever watched.
    pub(crate) fn passed(&self) -> impl Iterator<Item = (&str, Passed)> {
        self.counts
            .iter()
            .map(|(name, count)| (name.as_str(), count.passed))
    }

    /// Whether bandwhich was stopped by a signal (`SIGSTOP`), so that it reads no packets.
    pub(crate) fn is_stopped(&self) -> bool {
        let is_stopped = |pid: i32| {
            let stat = Process::new(pid).and_then(|process| process.stat());
            stat.is_ok_and(|stat| stat.state == 'T')
        };
        is_stopped(self.pid) || self.readers.iter().any(|pid| is_stopped(*pid))
    }

    /// Whether bandwhich was started a moment ago, and its sockets are to be found soon.
    pub(crate) fn is_young(&self) -> bool {
        self.looks < LOOKS.len() / 2
    }

    /// Looks for sockets if that is due.
    pub(crate) fn tick(&mut self, now: Instant, network: &Network, tell: &mut dyn FnMut(Event)) {
        if now < self.due {
            return;
        }
        self.looks += 1;
        self.due = match LOOKS.get(self.looks) {
            Some(millis) => self.started + Duration::from_millis(*millis),
            None => now + LOOK_EVERY,
        };
        self.look(network, tell);
    }

    /// Makes the sums those of now. `interfaces` are the kernel's counters.
    pub(crate) fn count(
        &mut self,
        interfaces: &[Interface],
        network: &Network,
        tell: &mut dyn FnMut(Event),
    ) {
        self.look(network, tell);
        for (name, count) in &mut self.counts {
            let now = packets(interfaces, name);
            if let (Some(before), Some(now)) = (count.counter, now) {
                // An interface that is made again counts from 0, and bandwhich is started again for it.
                count.passed.packets += now.saturating_sub(before);
                count.counter = Some(now);
            }
        }
        self.tell_drops(tell);
    }

    /// Whether packet sockets can be listed.
    pub(crate) fn sees_sockets(&self) -> bool {
        self.netlink.is_ok()
    }

    /// All packet sockets there are, of whomever. None if they cannot be listed.
    pub(crate) fn sockets(&mut self) -> Vec<Socket> {
        let listed = match &mut self.netlink {
            Ok(netlink) => list(netlink),
            Err(_) => Ok(Vec::new()),
        };
        listed.unwrap_or_else(|error| {
            self.netlink = Err(error);
            Vec::new()
        })
    }

    /// Looks at the sockets: what they dropped, and which are new.
    pub(crate) fn look(&mut self, network: &Network, tell: &mut dyn FnMut(Event)) {
        let listed = self.sockets();
        if let (Err(error), false) = (&self.netlink, self.has_told.drops) {
            self.has_told.drops = true;
            let why = files::describe(error);
            let text = format!("whether bandwhich loses packets cannot be told: {why}");
            tell(Event::Trouble(text));
        }
        let (known, new): (Vec<Socket>, Vec<Socket>) =
            (listed.into_iter()).partition(|socket| self.sockets.contains_key(&socket.inode));
        for socket in known {
            let Some((name, before)) = self.sockets.get_mut(&socket.inode) else {
                continue;
            };
            let dropped = u64::from(socket.dropped.wrapping_sub(*before));
            *before = socket.dropped;
            if let Some(count) = self.counts.get_mut(name) {
                count.passed.dropped += dropped;
            }
        }
        self.foreign
            .retain(|inode, _| new.iter().any(|socket| socket.inode == *inode));
        let is_tried = |socket: &Socket| {
            let tries = self.foreign.get(&socket.inode);
            tries.is_some_and(|tries| *tries >= MOST_TRIES)
        };
        // A socket without an interface is bound in a moment.
        let bound: Vec<Socket> = (new.into_iter())
            .filter(|socket| socket.link != 0 && !is_tried(socket))
            .collect();
        if bound.is_empty() {
            return;
        }
        let descriptors = descriptors(self.pid, &bound);
        if descriptors.is_empty() && !self.has_told.drops && is_closed(self.pid) {
            self.has_told.drops = true;
            tell(Event::Trouble(
                "whether bandwhich loses packets cannot be told: its file gives it rights that the collector \
                 lacks"
                    .to_owned(),
            ));
        }
        let interfaces = crate::interfaces::interfaces();
        for socket in bound {
            let (Some(descriptor), Some(link)) = (
                descriptors.get(&socket.inode),
                network.links.get(&socket.link),
            ) else {
                *self.foreign.entry(socket.inode).or_default() += 1;
                continue;
            };
            let count = self.counts.entry(link.name.clone()).or_default();
            count.passed.dropped += u64::from(socket.dropped);
            count.counter = count.counter.or(packets(&interfaces, &link.name));
            self.readers.insert(descriptor.pid);
            let held = (link.name.clone(), socket.dropped);
            self.sockets.insert(socket.inode, held);
            let outcome = enlarge(*descriptor, socket.inode, self.buffer);
            if let (Err(error), false) = (outcome, self.has_told.buffer) {
                self.has_told.buffer = true;
                let why = files::describe(&error);
                tell(Event::Trouble(format!(
                    "bandwhich's receive buffer stays as it is: {why}; bursts may be lost. The rights \
                     of root, or CAP_SYS_PTRACE and CAP_NET_ADMIN for the collector, enlarge it"
                )));
            }
        }
    }

    /// Tells of packets that were dropped, the first ones at once and then each hour.
    fn tell_drops(&mut self, tell: &mut dyn FnMut(Event)) {
        let mut sum = Passed::default();
        for (_, passed) in self.passed() {
            sum.packets += passed.packets;
            sum.dropped += passed.dropped;
        }
        let (since, told) = self.told_drops.unzip();
        let told = told.unwrap_or_default();
        if sum.dropped == told.dropped || since.is_some_and(|since| since.elapsed() < TELL_EVERY) {
            return;
        }
        tell(Event::Trouble(format!(
            "the kernel dropped {} of {} packets before bandwhich could read them",
            sum.dropped - told.dropped,
            sum.packets - told.packets,
        )));
        self.told_drops = Some((Instant::now(), sum));
    }
}

fn packets(interfaces: &[Interface], name: &str) -> Option<u64> {
    let interface = interfaces.iter().find(|interface| interface.name == name)?;
    Some(interface.received.1 + interface.sent.1)
}

/// All packet sockets of this network namespace.
fn list(netlink: &mut Netlink) -> io::Result<Vec<Socket>> {
    // SOCK_DIAG_BY_FAMILY with a struct packet_diag_req: AF_PACKET, then what is shown:
    // PACKET_SHOW_INFO | PACKET_SHOW_MEMINFO.
    const BY_FAMILY: u16 = 20;
    let mut request = [0; 20];
    request[0] = 17;
    request[8..12].copy_from_slice(&0x11u32.to_ne_bytes());
    let mut all = Vec::new();
    netlink.dump(BY_FAMILY, &request, &mut |_, body| all.extend(socket(body)))?;
    Ok(all)
}

/// Reads a `struct packet_diag_msg` and its attributes.
fn socket(body: &[u8]) -> Option<Socket> {
    const INFO: u16 = 0;
    const MEMORY: u16 = 6;
    // SK_MEMINFO_DROPS
    const DROPS: usize = 8;
    let mut socket = Socket {
        inode: u32_at(body, 4)?,
        link: 0,
        dropped: 0,
    };
    for (attribute, value) in Attributes(body.get(16..)?) {
        match attribute {
            INFO => socket.link = u32_at(value, 0)?,
            MEMORY => socket.dropped = u32_at(value, 4 * DROPS)?,
            _ => {}
        }
    }
    Some(socket)
}

/// The descriptors of these sockets in bandwhich, or in what runs in its group where a script starts it.
fn descriptors(pid: i32, sockets: &[Socket]) -> HashMap<u32, Descriptor> {
    let own = Process::new(pid).map(|process| descriptors_of(&process, sockets));
    let own = own.unwrap_or_default();
    if !own.is_empty() {
        return own;
    }
    let all = all_processes().into_iter().flatten().flatten();
    let group = all.filter(|process| process.stat().is_ok_and(|stat| stat.pgrp == pid));
    group
        .flat_map(|process| descriptors_of(&process, sockets))
        .collect()
}

/// Whether a process of our own keeps its descriptors from us, as one does that has more rights.
fn is_closed(pid: i32) -> bool {
    let open = Process::new(pid).and_then(|process| process.fd().map(drop));
    matches!(open, Err(ProcError::PermissionDenied(_)))
}

fn descriptors_of(process: &Process, sockets: &[Socket]) -> HashMap<u32, Descriptor> {
    let open = process.fd().into_iter().flatten().flatten();
    open.filter_map(|descriptor| {
        let FDTarget::Socket(inode) = descriptor.target else {
            return None;
        };
        let inode = u32::try_from(inode).ok()?;
        let is_packet = sockets.iter().any(|socket| socket.inode == inode);
        let found = Descriptor {
            pid: process.pid,
            number: descriptor.fd,
        };
        is_packet.then_some((inode, found))
    })
    .collect()
}

/// Gives a socket of another process a larger receive buffer.
fn enlarge(descriptor: Descriptor, inode: u32, bytes: usize) -> io::Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    let pid = Pid::from_raw(descriptor.pid).ok_or(io::ErrorKind::NotFound)?;
    let process = pidfd_open(pid, PidfdFlags::empty())?;
    let copy = pidfd_getfd(&process, descriptor.number, PidfdGetfdFlags::empty())?;
    // The number may be another file's by now.
    if rustix::fs::fstat(&copy)?.st_ino != u64::from(inode) {
        return Err(io::ErrorKind::NotFound.into());
    }
    if sockopt::socket_recv_buffer_size(&copy)? >= bytes {
        return Ok(());
    }
    sockopt::set_socket_recv_buffer_size_force(&copy, bytes)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::tests::attribute;

    #[test]
    fn a_socket_is_read_from_the_kernels_answer() {
        let mut memory = [0u32; 9];
        memory[8] = 77;
        let memory: Vec<u8> = memory.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let head = [&[17, 3, 0, 3][..], &4711u32.to_ne_bytes(), &[0; 8]].concat();
        let body = [
            head,
            attribute(0, &[5, 0, 0, 0, 0, 0, 0, 0]),
            attribute(6, &memory),
        ]
        .concat();
        let read = socket(&body);
        let expected = Socket {
            inode: 4711,
            link: u32::from_ne_bytes([5, 0, 0, 0]),
            dropped: 77,
        };
        assert_eq!(read, Some(expected));
        for end in 0..16 {
            assert_eq!(socket(&body[..end]), None);
        }
    }
}
