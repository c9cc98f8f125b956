#!/usr/bin/env python3
"""gen_log.py - synthetic `bandwhich --raw` logs with known ground truth.

Standard library only, deterministic: the same arguments (including --seed) give the same bytes.
The output follows what bandwhich 0.23.1 really prints :

  * one block per refresh (about 1 s): "Refreshing:", rows, or "<NO TRAFFIC>", then an empty line;
  * row order in a block: process, connection, remote_address; each table sorted by up+down, largest first;
  * every value is floor(sum of the last min(k,5) refreshes / min(k,5)), k = refresh number since start;
  * the first refresh comes right after start and is empty; rows linger for 4 refreshes after the last packet;
  * a connection whose socket is gone at the refresh counts for "<UNKNOWN>" in that refresh only
    (so the process row of the owner then says "connections: 0" while its window empties);
  * names of peers are the IP until the first refresh after the PTR answer, then "host." with a final dot;
  * IPv6 addresses are printed without brackets before ":port";
  * the refresh period is 1 s plus a small drift, so that now and then a second has no block; with
    --jitter-ts two neighbouring blocks may share a timestamp or lie 2 s apart.

Usage (everything has a default):
  gen_log.py -o bandwhich_20260302_0000.log --truth truth.json --date 2026-03-02 --hours 24 --tz +1
  gen_log.py --procs 25 --conns 400 --hosts 120 --rate 500k --diurnal office --noise 0.4 \\
     --spike "start=14:30,secs=240,proc=rsync,host=3,bps=3000000,dir=up" \\
     --beacon "proc=updatesvc,host=7,period=600,jitter=15,up=420,down=900" \\
     --growth 0.02 --day-index 5 --ipv6 0.3 --hostnames 0.5 -o - > big.log
Options of note
  --date/--start/--hours/--tz   local start date, time of day, length, fixed offset from UTC in hours
  --procs/--conns/--hosts       number of process names, mean number of simultaneously open connections, peers
  --rate                        mean bytes per second of the whole log at diurnal factor 1 (k, M suffixes)
  --activity                    share of open connections that move bytes in a given minute (row density)
  --diurnal                     flat | office | evening | night     --weekend F  factor for Saturday and Sunday
  --noise                       sigma of the log-normal minute-to-minute noise
  --growth/--day-index          rate multiplied by (1+growth)**day_index (run once a day for a series)
  --spike/--beacon              repeatable, key=value lists as above; times are local, HH:MM[:SS]; a beacon's port is 8443
  --outage "start=03:00,secs=600"   no traffic at all     --gap "start=05:00,secs=900"   bandwhich not running (restart)
  --mode all|p|c|a   --cumulative   --format 0.23|0.16|0.4   (0.16: no block frame; 0.4: no <interface> either)
  --crlf   --unknown F (share of closing connections that end in <UNKNOWN>)
Truth JSON: exact bytes (IP payload, as bandwhich counts) in total, per process, host and hour (UTC epoch of the
hour), and the injected events. per_process follows bandwhich: the closing second of an orphan counts for "<UNKNOWN>".
per_host uses the resolved name; the first rows of a host still show its IP. Laying the 5-refresh windows end to end
gives these totals back to within 4 bytes per row and window.
Speed: 35-50 MB/s of log with Debian's /usr/bin/python3 3.11 on one core for dense logs (--conns 150 and up; a pyenv
build without PGO is a third slower), streaming, memory bounded by one chunk (--chunk seconds, 240).
Sizes: about 100 bytes a row; --conns 200 for 24 h makes about 1.2 GB, an idle day 2.2 MB.
"""
import argparse, datetime, gc, itertools, json, math, random, sys, time
from operator import add, sub, floordiv

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
A = ap.add_argument
A('-o', '--out', default='-'); A('--truth', default=None); A('--seed', type=int, default=1)
A('--date', default='2026-03-02'); A('--start', default='00:00:00'); A('--hours', type=float, default=1.0)
A('--tz', type=float, default=0.0, help='offset of local time from UTC in hours')
A('--procs', type=int, default=15); A('--conns', type=int, default=120); A('--hosts', type=int, default=60)
A('--rate', default='400k'); A('--activity', type=float, default=0.5); A('--diurnal', default='office')
A('--weekend', type=float, default=0.5); A('--noise', type=float, default=0.35)
A('--growth', type=float, default=0.0); A('--day-index', type=int, default=0)
A('--ipv6', type=float, default=0.25); A('--hostnames', type=float, default=0.0)
A('--udp', type=float, default=0.15); A('--iface', default='enp3s0'); A('--iface2', type=float, default=0.0, help='share of connections on wlp2s0')
A('--unknown', type=float, default=0.5); A('--spike', action='append', default=[]); A('--beacon', action='append', default=[])
A('--outage', action='append', default=[]); A('--gap', action='append', default=[])
A('--drift', type=float, default=0.0001, help='seconds a refresh takes beyond 1 s'); A('--jitter-ts', type=float, default=0.0)
A('--mode', default='all'); A('--cumulative', action='store_true'); A('--format', default='0.23'); A('--crlf', action='store_true')
A('--chunk', type=int, default=240); A('--max-bytes', type=float, default=0, help='stop after about this many bytes')
a = ap.parse_args()

def num(s):
    s = str(s).strip(); m = {'k': 1e3, 'K': 1e3, 'M': 1e6, 'G': 1e9}.get(s[-1:], None)
    return float(s[:-1]) * m if m else float(s)
def kv(s): return dict(x.split('=', 1) for x in s.split(',') if x)

def main():
    gc.disable()      # only short-lived tuples are made; the collector would cost a fifth of the time
    R = random.Random(a.seed)
    TZ = datetime.timezone(datetime.timedelta(hours=a.tz))
    T0 = int(datetime.datetime.fromisoformat(f'{a.date}T{a.start if a.start.count(":") == 2 else a.start + ":00"}').replace(tzinfo=TZ).timestamp())
    N = int(a.hours * 3600)
    def at(hms):
        """seconds from the log start to the next local HH:MM[:SS]"""
        p = [int(x) for x in hms.split(':')] + [0]
        t = p[0] * 3600 + p[1] * 60 + p[2]
        return (t - (T0 + int(a.tz * 3600))) % 86400
    NAMES = ('firefox chrome node java python3 ssh rsync curl systemd-resolve NetworkManager slack zoom spotify dropbox thunderbird '
             'postgres redis-server nginx docker-proxy containerd kubelet prometheus git-remote-htt apt wget steam teams discord '
             'syncthing code sshd chronyd cups-browsed mysqld php-fpm ruby beam.smp transmission-gt vlc signal-desktop').split()
    NAMES = [n[:15] for n in NAMES]
    procs = NAMES[:a.procs] + [f'svc-{i:03d}' for i in range(max(0, a.procs - len(NAMES)))]
    pw = [1 / (i + 1) ** 0.9 for i in range(len(procs))]; R.shuffle(pw)
    hosts = []          # display text after resolution, text before, ip
    WORD = 'cdn api img mail sync edge static auth push relay db cache files video telemetry update'.split()
    for i in range(a.hosts):
        if R.random() < a.ipv6: ip = '2001:db8:%x:%x::%x' % (R.randrange(1, 65536), R.randrange(1, 65536), R.randrange(1, 65536))
        else: ip = '%d.%d.%d.%d' % (R.choice((198, 203)), R.choice((18, 19, 51, 100)), R.randrange(256), R.randrange(1, 255))
        name = f'{R.choice(WORD)}-{i}.{R.choice(["example.com", "example.net", "vendor.example", "corp.internal"])}.' if R.random() < a.hostnames else ip
        hosts.append((name, ip))
    hw = [1 / (i + 1) ** 0.8 for i in range(a.hosts)]; cumh = list(itertools.accumulate(hw)); cump = list(itertools.accumulate(pw))
    UPF = [R.choice((0.05, 0.08, 0.15, 0.5, 0.85)) for _ in procs]       # upload share of a process
    PROF = {  # 24 hourly factors, mean about 1
     'flat': [1.0] * 24,
     'office': [.25, .2, .2, .2, .2, .25, .4, .8, 1.5, 2.0, 2.1, 2.0, 1.5, 1.8, 2.1, 2.0, 1.8, 1.4, .9, .7, .6, .5, .4, .3],
     'evening': [.6, .4, .3, .2, .2, .2, .3, .5, .6, .6, .7, .8, .9, .9, .9, 1.0, 1.2, 1.5, 2.0, 2.5, 2.8, 2.5, 1.9, 1.1],
     'night': [2.5, 3.0, 3.0, 2.5, 2.0, 1.2, .6, .4, .4, .4, .5, .5, .5, .5, .5, .5, .4, .4, .4, .5, .6, .7, 1.0, 1.6]}[a.diurnal]
    def level(sec):
        """diurnal x weekend x growth factor at `sec` seconds after the start"""
        loc = T0 + sec + a.tz * 3600; h = (loc / 3600) % 24; i = int(h); f = h - i
        v = PROF[i] * (1 - f) + PROF[(i + 1) % 24] * f
        if int(loc // 86400 + 3) % 7 >= 5: v *= a.weekend
        return v * (1 + a.growth) ** a.day_index
    RATE = num(a.rate)
    # table of per-second shape factors (mean about 1): steady, bursty, on/off
    K = 8192
    def table(f):
        t = [f() for _ in range(K)]; m = sum(t) / K; return [x / m for x in t] * 2
    SHAPES = [table(lambda: R.lognormvariate(0, .25)), table(lambda: R.lognormvariate(0, .9)), table(lambda: R.paretovariate(1.5) if R.random() < .3 else .02)]

    class Conn:
        __slots__ = ('p', 'h', 'pre', 'pre_ip', 'end', 'rate', 'upf', 'shape', 'tail', 'orphan', 'last', 'born', 'cu', 'cd', 'spec', 'named', 'pfx_c')
    hp = {}             # host index -> refresh number from which the name is known
    truth = dict(up=0, down=0, per_process={}, per_host={}, per_hour={}, events=[], rows=0, blocks=0, bytes=0)
    for n in procs: truth['per_process'][n] = [0, 0]
    truth['per_process']['<UNKNOWN>'] = [0, 0]
    def port(): return R.randrange(32768, 60999)
    def newconn(sec, p, h, end, rate, upf, shape, spec=None):
        c = Conn(); c.p = p; c.h = h; c.end = end; c.rate = rate; c.upf = upf; c.shape = shape; c.spec = spec
        ifc = '' if a.format == '0.4' else '<wlp2s0>' if R.random() < a.iface2 else f'<{a.iface}>'
        pr = 'udp' if R.random() < a.udp else 'tcp'; rp = R.choice((443, 443, 443, 80, 22, 993, 5222, 8080, 51820))
        if spec and spec[0] == 'beacon': pr, rp = 'tcp', spec[3]     # one service, whoever asks
        lp = port()
        c.pre = f'{ifc}:{lp} => {hosts[h][0]}:{rp} ({pr}) up/down Bps: '
        c.pre_ip = f'{ifc}:{lp} => {hosts[h][1]}:{rp} ({pr}) up/down Bps: '
        c.tail = [(0, 0)] * 4     # last four refreshes
        c.last = -99; c.orphan = R.random() < a.unknown; c.born = sec; c.cu = c.cd = 0
        return c
    spikes = []; beacons = []
    for s in a.spike:
        d = kv(s); nm = d.get('proc', procs[0])[:15]
        if nm not in procs: procs.append(nm); UPF.append(0.5); pw.append(0); truth['per_process'][nm] = [0, 0]
        st = at(d['start']); spikes.append((st, int(num(d.get('secs', 120))), procs.index(nm), int(d.get('host', 0)) % a.hosts, num(d.get('bps', 2e6)), d.get('dir', 'down')))
        truth['events'].append(dict(kind='spike', process=nm, host=hosts[int(d.get('host', 0)) % a.hosts][0], start=T0 + st, secs=spikes[-1][1], dir=d.get('dir', 'down'), bytes=0))
    for s in a.beacon:
        d = kv(s); nm = d.get('proc', 'beacond')[:15]
        if nm not in procs: procs.append(nm); UPF.append(0.5); pw.append(0); truth['per_process'][nm] = [0, 0]
        h = int(d.get('host', 1)) % a.hosts
        beacons.append(dict(p=procs.index(nm), h=h, period=num(d.get('period', 600)), jit=num(d.get('jitter', 0)), up=int(num(d.get('up', 300))), down=int(num(d.get('down', 600))), port=int(d.get('port', 8443)), k=0, ev=len(truth['events'])))
        truth['events'].append(dict(kind='beacon', process=nm, host=hosts[h][0], period=num(d.get('period', 600)), jitter=num(d.get('jitter', 0)), up=beacons[-1]['up'], down=beacons[-1]['down'], count=0, times=[]))
    outs = [(at(d['start']), int(num(d['secs']))) for d in map(kv, a.outage)]
    gaps = sorted((at(d['start']), int(num(d['secs']))) for d in map(kv, a.gap))
    for st, ln in outs: truth['events'].append(dict(kind='outage', start=T0 + st, secs=ln))
    for st, ln in gaps: truth['events'].append(dict(kind='gap', start=T0 + st, secs=ln))

    out = sys.stdout.buffer if a.out == '-' else open(a.out, 'wb', buffering=1 << 20)
    NL = '\r\n' if a.crlf else '\n'
    framed = a.format == '0.23'
    WANT_P, WANT_C, WANT_A = a.mode in ('all', 'p'), a.mode in ('all', 'c'), a.mode in ('all', 'a')
    base = RATE / max(1, a.conns * a.activity)
    conns = []
    def spawn(sec):
        p = R.choices(range(len(pw)), cum_weights=cump + [cump[-1]] * (len(pw) - len(cump)))[0] if len(pw) == len(cump) else R.choices(range(len(cump)), cum_weights=cump)[0]
        h = R.choices(range(a.hosts), cum_weights=cumh)[0]
        life = int(min(R.lognormvariate(4.2, 1.3), 14400)) + 1
        return newconn(sec, p, h, sec + life, base * R.lognormvariate(-0.7, 1.2), UPF[p], R.randrange(3))
    for _ in range(a.conns):
        c = spawn(0); c.end = int(R.random() * (c.end - c.born) * 3) + 1; conns.append(c)
    cum_p = {}; cum_h = {}
    written = 0; stop = False; k0 = 0; ts_base = T0; run_start = 0
    segs = []; t = 0
    for st, ln in gaps:
        if st > t: segs.append((t, min(st, N)))
        t = st + ln
    if t < N: segs.append((t, N))
    clock0 = time.time()
    for seg_i, (S, E) in enumerate(segs):
        if stop: break
        for c in conns: c.tail = [(0, 0)] * 4; c.last = -99
        cum_p = {}; cum_h = {}
        for c in conns: c.cu = c.cd = 0
        p_tail = {}          # process index -> last four (u,d); -1 is <UNKNOWN>
        h_tail = {}
        s = S
        while s < E and not stop:
            n = min(a.chunk, E - s)
            kk = s - S         # refresh number of the first block of this chunk
            # ---- who is alive, who moves bytes ----
            lev = level(s + n / 2) * (R.lognormvariate(0, a.noise) / math.exp(a.noise ** 2 / 2))
            conns = [c for c in conns if c.end > s or c.last >= s - 5 or a.cumulative and (c.cu or c.cd)]
            if a.cumulative and len(conns) > 1000 + a.conns:       # bandwhich forgets all but the 1000 largest
                conns.sort(key=lambda c: (c.end > s, c.cu + c.cd), reverse=True); del conns[1000:]
            alive = sum(1 for c in conns if c.end > s)
            lev = math.sqrt(lev); rate_new = a.conns / 150.0 * max(0.3, min(lev, 3))  # about --conns open at level 1; level acts half on their number, half on their rate
            tnew = s
            while True:
                tnew += R.expovariate(rate_new) if rate_new else n
                if tnew >= s + n: break
                conns.append(spawn(int(tnew)))
            ev = []
            for (st, ln, p, h, bps, dr), e in zip(spikes, (x for x in truth['events'] if x['kind'] == 'spike')):
                if st < s + n and st + ln > s and st >= s: conns.append(newconn(st, p, h, st + ln, bps, 0.02 if dr == 'down' else 0.98, 0, spec=('spike', e)))
            for b in beacons:
                ev_ = truth['events'][b['ev']]
                while True:
                    tb = b['k'] * b['period'] + b.get('nextj', 0.0)
                    if tb >= s + n: break
                    if tb >= s:
                        c = newconn(int(tb), b['p'], b['h'], int(tb) + 1, 0, 0, 0, spec=('beacon', b['up'], b['down'], b['port'])); c.orphan = False; conns.append(c)
                        ev_['count'] += 1; ev_['times'].append(T0 + int(tb))
                    b['k'] += 1; b['nextj'] = R.uniform(-b['jit'], b['jit'])
            # ---- bytes per refresh ----
            z4 = [0] * 4
            pu = {}; pd = {}; hu = {}; hd = {}; pc = {}; hc = {}; seen_p = {}; seen_h = {}
            rows_c = [[] for _ in range(n)]; appends = [x.append for x in rows_c]
            ts_list = [T0 + s + i + int((kk + i) * a.drift) for i in range(n)]
            if a.jitter_ts:
                rr = random.Random((a.seed, s).__hash__())
                ts_list = [t + (1 if rr.random() < a.jitter_ts else 0) for t in ts_list]
            divs = [1] * n if a.format == '0.4' else [min(kk + i + 1, 5) for i in range(n)]
            full = kk >= 4 and a.format != '0.4'
            isout = any(st < s + n and st + ln > s for st, ln in outs)
            for c in conns:
                lo = max(c.born, s) - s; hi = min(c.end, s + n) - s
                if kk == 0 and lo == 0: lo = 1          # the first refresh is immediate: nothing captured yet
                U = D = None
                if hi > lo:
                    if c.spec and c.spec[0] == 'beacon':
                        U = [0] * n; D = [0] * n; U[lo] = c.spec[1]; D[lo] = c.spec[2]
                    elif c.spec or R.random() < a.activity:
                        o = R.randrange(K); tb = SHAPES[c.shape]
                        r = c.rate * (1 if c.spec else lev); m = hi - lo
                        ru = r * c.upf; rd = r - ru
                        if rd < ru: rd = max(rd, ru * 0.012)     # acknowledgements
                        else: ru = max(ru, rd * 0.012)
                        seg = tb[o:o + m] if m <= K else (tb * (m // K + 1))[o:o + m]
                        # quiet seconds stay 0, like a real flow (drop what is under one header)
                        U = [0] * lo + [x if x >= 20 else 0 for x in [int(ru * q) for q in seg]] + [0] * (n - hi)
                        D = [0] * lo + [x if x >= 20 else 0 for x in [int(rd * q) for q in seg]] + [0] * (n - hi)
                        if isout:
                            for st, ln in outs:
                                for i in range(max(0, st - s), min(n, st + ln - s)): U[i] = D[i] = 0
                        if c.spec:
                            c.spec[1]['bytes'] += sum(U) + sum(D)
                if U is None:
                    if c.tail == [(0, 0)] * 4 and not (a.cumulative and (c.cu or c.cd)): continue
                    U = D = [0] * n
                tu = [x for x, _ in c.tail]; td = [y for _, y in c.tail]
                eu = tu + U; ed = td + D
                c.tail = list(zip(eu[-4:], ed[-4:]))
                # which process gets each refresh: the owner, or <UNKNOWN> for the closing second of an orphan
                own = c.p; li = -1
                if c.orphan and s < c.end <= s + n: li = c.end - 1 - s
                a_pu = pu.get(own)
                if a_pu is None: a_pu = pu[own] = [0] * n; pd[own] = [0] * n
                if li >= 0:
                    u1, d1 = U[li], D[li]
                    if u1 or d1:
                        x = pu.get(-1)
                        if x is None: pu[-1] = [0] * n; pd[-1] = [0] * n
                        pu[-1][li] += u1; pd[-1][li] += d1
                        U2 = U[:]; U2[li] = 0; D2 = D[:]; D2[li] = 0
                        pu[own] = list(map(add, pu[own], U2)); pd[own] = list(map(add, pd[own], D2))
                        q = truth['per_process']['<UNKNOWN>']; q[0] += u1; q[1] += d1
                        q = truth['per_process'][procs[own]]; q[0] -= u1; q[1] -= d1
                    else:
                        pu[own] = list(map(add, a_pu, U)); pd[own] = list(map(add, pd[own], D))
                else:
                    pu[own] = list(map(add, a_pu, U)); pd[own] = list(map(add, pd[own], D))
                h = c.h
                if h in hu: hu[h] = list(map(add, hu[h], U)); hd[h] = list(map(add, hd[h], D))
                else: hu[h] = U; hd[h] = D
                su = sum(U); sd = sum(D)
                q = truth['per_process'][procs[own]]; q[0] += su; q[1] += sd
                q = truth['per_host'].setdefault(hosts[h][0], [0, 0]); q[0] += su; q[1] += sd
                truth['up'] += su; truth['down'] += sd
                # ---- rows: window sums ----
                acc = list(itertools.accumulate(eu, initial=0)); bcc = list(itertools.accumulate(ed, initial=0))
                wu = list(map(sub, acc[5:], acc)); wd = list(map(sub, bcc[5:], bcc))
                if a.format == '0.4': wu, wd = U, D      # no averaging before 0.9.0
                if h not in hp: hp[h] = s - S + max(lo, 0) + 1
                pre = 'connection: <%d> ' ; known = hp[h] - kk
                full_name = c.pre; name = procs[own]; suf = f' process: "{name}"'
                suf_u = ' process: "<UNKNOWN>"' if li >= 0 else suf
                cnt_p = pc.get(own)
                if cnt_p is None: cnt_p = pc[own] = [0] * n
                cnt_h = hc.get(h)
                if cnt_h is None: cnt_h = hc[h] = [0] * n
                if li >= 0 and -1 not in pc: pc[-1] = [0] * n
                cnt_x = pc.get(-1)
                last_own = li - 1     # last refresh in which the owner still had bytes (for the row's process name)
                ulim = li + 4 if li >= 0 else n
                if li < 0 and known <= 0 and full and not a.cumulative:      # the usual case, kept tight
                    act = list(map(bool, map(add, wu, wd)))
                    pc[own] = list(map(add, cnt_p, act)); hc[h] = list(map(add, cnt_h, act))
                    if True in act:
                        i0 = act.index(True)
                        for put, x, y in zip(appends[i0:], wu[i0:], wd[i0:]):
                            if x or y: x //= 5; y //= 5; put((-(x + y), f'{full_name}{x}/{y}{suf}'))
                else:
                    cu, cd = c.cu, c.cd; cumul = a.cumulative
                    for i, (x, y) in enumerate(zip(wu, wd)):
                        dv = divs[i]
                        if cumul:
                            if not (x or y or cu or cd): continue
                            x //= dv; y //= dv; cu += x; cd += y; x = cu; y = cd
                        else:
                            if not (x or y): continue
                            x //= dv; y //= dv
                        if i < li or li < 0: cnt_p[i] += 1
                        else: cnt_x[i] += 1
                        cnt_h[i] += 1
                        appends[i]((-(x + y), f'{c.pre_ip if i < known else full_name}{x}/{y}{suf_u if i >= ulim else suf}'))
                    c.cu, c.cd = cu, cd
                for i in range(n - 1, -1, -1):
                    if U[i] or D[i]: c.last = s + i; break
            # ---- tables of processes and hosts ----
            def tabl(Us, Ds, tails, cnt, names, cums):
                rows = [[] for _ in range(n)]
                for key in list(tails):
                    if key not in Us and any(u or d for u, d in tails[key]): Us[key] = [0] * n; Ds[key] = [0] * n
                if a.cumulative:
                    for key in cums:
                        if key not in Us: Us[key] = [0] * n; Ds[key] = [0] * n
                for key, U in Us.items():
                    D = Ds[key]; tl = tails.get(key, [(0, 0)] * 4)
                    eu = [x for x, _ in tl] + U; ed = [y for _, y in tl] + D
                    tails[key] = list(zip(eu[-4:], ed[-4:]))
                    acc = list(itertools.accumulate(eu, initial=0)); bcc = list(itertools.accumulate(ed, initial=0))
                    wu = list(map(sub, acc[5:], acc)); wd = list(map(sub, bcc[5:], bcc))
                    cn = cnt.get(key) or [0] * n
                    if a.format == '0.4': wu, wd = U, D
                    nm = names(key)
                    cu, cd = cums.get(key, (0, 0))
                    for i, (x, y) in enumerate(zip(wu, wd)):
                        if not (x or y):
                            if not a.cumulative or not (cu or cd): continue
                        dv = divs[i]; x //= dv; y //= dv
                        if a.cumulative: cu += x; cd += y; x, y = cu, cd
                        rows[i].append((-(x + y), f'{nm[i >= nm[2]]}{x}/{y} connections: {cn[i]}'))
                    if a.cumulative: cums[key] = (cu, cd)
                return rows
            big = n + 1
            rp = tabl(pu, pd, p_tail, pc, lambda k: ('"%s" up/down Bps: ' % ('<UNKNOWN>' if k < 0 else procs[k]),) * 2 + (0,), cum_p) if WANT_P else None
            ra = tabl(hu, hd, h_tail, hc, lambda k: (f'{hosts[k][1]} up/down Bps: ', f'{hosts[k][0]} up/down Bps: ', hp.get(k, 0) - kk), cum_h) if WANT_A else None
            for i in range(n):
                hr = str((T0 + s + i) // 3600 * 3600)
            hrs = truth['per_hour']
            for key in (x for x in pu):
                U = pu[key]; D = pd[key]
                i = 0
                while i < n:
                    hstart = (T0 + s + i) // 3600; j = min(n, (hstart + 1) * 3600 - T0 - s)
                    q = hrs.setdefault(str(hstart * 3600), [0, 0]); q[0] += sum(U[i:j]); q[1] += sum(D[i:j]); i = j
            buf = []
            for i in range(n):
                t = ts_list[i]
                cp = f'{NL}process: <{t}> '; cc = f'{NL}connection: <{t}> '; ca = f'{NL}remote_address: <{t}> '
                parts = ['Refreshing:'] if framed else []
                nrow = 0
                if WANT_P and rp[i]: l = rp[i]; l.sort(); nrow += len(l); parts.append(cp.join([''] + [x for _, x in l])[len(NL):] if not framed else cp.join([''] + [x for _, x in l]))
                if WANT_C and rows_c[i]: l = rows_c[i]; l.sort(); nrow += len(l); parts.append(cc.join([''] + [x for _, x in l]) if framed or parts else cc.join([''] + [x for _, x in l])[len(NL):])
                if WANT_A and ra[i]: l = ra[i]; l.sort(); nrow += len(l); parts.append(ca.join([''] + [x for _, x in l]) if framed or parts else ca.join([''] + [x for _, x in l])[len(NL):])
                truth['rows'] += nrow
                if framed:
                    if not nrow: parts.append(NL + '<NO TRAFFIC>')
                    parts.append(NL + NL)
                elif nrow: parts.append(NL)
                buf.append(''.join(parts))
                truth['blocks'] += 1
            b = ''.join(buf).encode()
            out.write(b); written += len(b); s += n
            if a.max_bytes and written >= a.max_bytes: stop = True
    truth['bytes'] = written
    truth['first_ts'] = T0; truth['args'] = vars(a); truth['seconds_to_write'] = round(time.time() - clock0, 3)
    out.flush()
    if a.truth:
        with open(a.truth, 'w') as f: json.dump(truth, f, indent=1)
    dt = time.time() - clock0
    print(f'{written} bytes, {truth["blocks"]} blocks, {truth["rows"]} rows, {written / 1e6 / max(dt, 1e-6):.1f} MB/s', file=sys.stderr)

main()
