//! x
use traffic::*;
fn main() {
    let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let t = std::time::Instant::now();
    let ctx = report::Context{host:"h".into(),period:Period::day(jiff::civil::date(2026,3,2)),zone:jiff::tz::TimeZone::get("Europe/Berlin").unwrap(),zone_name:"Europe/Berlin".into(),now:4_000_000_000,resolution:60};
    let start = ctx.period.seconds(&ctx.zone).start;
    let mut b = report::Builder::new(ctx, Default::default());
    let mut p = report::ParquetRows::new(Vec::new(), "h", Default::default()).unwrap();
    for i in 0..n {
        let remote = format!("10.{}.{}.{}", i>>16&255, i>>8&255, i&255);
        let bucket = start + (i as i64 % 1440)*60;
        let r = RowView{table:Table::Traffic,bucket,process:Some("curl"),pid:None,interface:Some("eth0"),protocol:Some("tcp"),local_port:Some((i*7919%65536) as u16),remote:Some(&remote),remote_port:Some(443),volume:Volume{up:i%9999,down:i%12345},peak:Volume::ZERO,frames:3,first_seen:bucket,last_seen:bucket+5};
        b.row(&r);
        if std::env::args().nth(2).is_some() { p.row(&r).unwrap(); }
    }
    eprintln!("rows {:?}", t.elapsed());
    let parquet = p.finish().unwrap();
    if let Some(f) = std::env::args().nth(2) { std::fs::write(f, &parquet).unwrap(); }
    eprintln!("parquet {} {:?}", parquet.len(), t.elapsed());
    let r = b.finish(Default::default(), Default::default());
    eprintln!("finish {:?}", t.elapsed());
    report::write_csv(&r, std::io::sink()).unwrap();
    eprintln!("csv {:?}", t.elapsed());
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    eprintln!("{}", s.lines().find(|l| l.starts_with("VmHWM")).unwrap());
}
