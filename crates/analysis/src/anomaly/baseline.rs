//! What is usual for a series at each hour.

use std::cell::OnceCell;

use crate::days::Day;
use crate::robust::{median, quantile, sigma, tail};
use crate::{Direction, Expected, History, Hour, Series, Subject, Thresholds};

/// Days that a baseline looks back.
pub(super) const DAYS: usize = 56;
/// Days of history from which on each hour of the week has values of its own.
const BY_WEEK: usize = 21;
/// Seconds of an hour that have to be observed.
const LEAST_OBSERVED: u32 = 900;
/// Days of which the level of a day is the middle.
const LEVEL_DAYS: usize = 7;
/// How far a new level is from the old: a quarter more, or a fifth less.
const NEW_LEVEL: f64 = 0.223;
/// Score that is given where nothing ever varied.
const MOST: f64 = 99.0;
/// The least that a usual hour varies: a fortieth. Below it nothing is measured so well.
const LEAST_SIGMA: f64 = 0.025;

/// How many times higher the bar is for a part of the host than for the whole.
const PART: f64 = 1.3;
/// How many times higher than the score that the settings ask for: so many hours are judged.
const MANY: f64 = 1.3;
/// How much more a median of normal values varies than their mean: √(π/2).
const MEDIAN_TO_MEAN: f64 = 1.253_314_137_315_5;
/// The probability that an hour is beyond all that is usual by chance: once in four years.
const BEYOND: f64 = 3e-5;

/// The logarithms log(1 + bytes) of each series of a host, up and down, taken when they are first asked for:
/// each day that is judged looks at most of them again.
pub(super) struct Logs<'a> {
    history: &'a History,
    taken: Vec<OnceCell<Vec<f64>>>,
}

impl<'a> Logs<'a> {
    pub(super) fn new(history: &'a History) -> Self {
        Self {
            history,
            taken: vec![OnceCell::new(); history.series.len() * 2],
        }
    }

    /// Of whole hours; not a number where too little of an hour was observed.
    fn of(&self, series: usize, direction: Direction) -> &[f64] {
        self.taken[place(series, direction)].get_or_init(|| {
            let bytes = self.history.series[series].bytes(direction);
            (self.history.hours.iter().zip(bytes))
                .map(|(hour, &bytes)| whole_hour(hour, bytes).map_or(f64::NAN, f64::ln_1p))
                .collect()
        })
    }
}

/// Where what belongs to a series in one direction lies.
fn place(series: usize, direction: Direction) -> usize {
    series * 2 + usize::from(direction == Direction::Down)
}

/// Bytes of an hour, scaled up to a whole one. `None` if too little of it was observed.
fn whole_hour(hour: &Hour, bytes: u64) -> Option<f64> {
    let observed = hour.observed.min(3600);
    (observed >= LEAST_OBSERVED).then(|| bytes as f64 * 3600.0 / f64::from(observed))
}

/// What is usual for each series of a host before a day, learnt when it is first asked for: most series
/// are too small to be asked about.
pub(super) struct Baselines<'a> {
    logs: &'a Logs<'a>,
    past: &'a [Day],
    thresholds: &'a Thresholds,
    /// Of each series, up and down.
    learnt: Vec<OnceCell<Baseline<'a>>>,
}

impl<'a> Baselines<'a> {
    pub(super) fn new(logs: &'a Logs<'a>, past: &'a [Day], thresholds: &'a Thresholds) -> Self {
        Self {
            logs,
            past,
            thresholds,
            learnt: vec![OnceCell::new(); logs.taken.len()],
        }
    }

    pub(super) fn of(&self, series: usize, direction: Direction) -> &Baseline<'a> {
        let (logs, past, thresholds) = (self.logs, self.past, self.thresholds);
        self.learnt[place(series, direction)]
            .get_or_init(|| Baseline::new(logs, past, series, direction, thresholds))
    }
}

/// What is usual for a series in one direction, learned from some days.
#[derive(Clone, Debug)]
pub(super) struct Baseline<'a> {
    hours: &'a [Hour],
    bytes: &'a [u64],
    logs: &'a [f64],
    /// By kind of hour: middle of log(1 + bytes) without the days' level, and how it varies.
    slots: Vec<Option<Slot>>,
    slot_of: fn(&Hour) -> usize,
    /// Deviation of each past day from the middle of its hours. `None` if too little was observed.
    pub(super) levels: Vec<Option<f64>>,
    /// The level expected next.
    pub(super) level: f64,
    /// How all hours vary about what is usual.
    pub(super) sigma: f64,
    /// How each hour of working days and of weekends varies about it. A busy hour can vary more than
    /// all do, and the few values of an hour of the week tell that by chance only.
    sigmas: Vec<f64>,
    /// The score that an unusual hour has at least.
    pub(super) bar: f64,
    /// log(1 + bytes), without the level, beyond which no hour is usual however all of them vary.
    beyond: f64,
    min_ratio: f64,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    middle: f64,
    sigma: f64,
}

/// An hour of the week.
fn of_week(hour: &Hour) -> usize {
    usize::from(hour.weekday) * 24 + usize::from(hour.hour)
}

/// Kinds of hours of working days and weekends.
const OF_WORK: usize = 48;

/// An hour of a working day or of a weekend.
fn of_work(hour: &Hour) -> usize {
    usize::from(hour.weekday >= 5) * 24 + usize::from(hour.hour)
}

/// An hour of the day.
fn of_day(hour: &Hour) -> usize {
    usize::from(hour.hour)
}

/// The kind of hour by which so many days tell what is usual.
fn kind(past: &[Day]) -> fn(&Hour) -> usize {
    let observed = |day: &&Day| day.observed > 0;
    let count = past.iter().filter(observed).count();
    let weekends = (past.iter())
        .filter(|day| day.observed > 0 && day.weekday >= 5)
        .count();
    match (count, weekends) {
        (BY_WEEK.., _) => of_week,
        (_, 3..) => of_work,
        // Where the weekend was met once, its hours have at least that.
        (_, 1..) if count >= 7 => of_work,
        _ => of_day,
    }
}

impl<'a> Baseline<'a> {
    pub(super) fn new(
        logs: &'a Logs<'a>,
        past: &[Day],
        series: usize,
        direction: Direction,
        thresholds: &Thresholds,
    ) -> Self {
        let slot_of = kind(past);
        let logs_of = logs.of(series, direction);
        let history = logs.history;
        let series: &Series = &history.series[series];
        let mut baseline = Self {
            hours: &history.hours,
            bytes: series.bytes(direction),
            logs: logs_of,
            slots: Vec::new(),
            slot_of,
            levels: vec![Some(0.0); past.len()],
            level: 0.0,
            sigma: 0.0,
            sigmas: vec![0.0; OF_WORK],
            bar: 0.0,
            beyond: f64::INFINITY,
            min_ratio: thresholds.min_ratio,
        };
        // Middles need levels and levels need middles: twice is enough for both.
        for _ in 0..2 {
            baseline.learn_slots(past);
            baseline.learn_levels(past);
        }
        baseline.learn_slots(past);
        let wild = baseline.learn_spread(past);
        // Series that are wild by themselves have to be wilder: the one hour of a hundred of a normal
        // distribution is at 2.58.
        baseline.bar = MANY * thresholds.min_score * (wild / 2.576).max(1.0);
        // There are many parts, and one of them has an hour beyond its tail by chance far too often.
        match series.subject {
            Subject::Total => baseline.learn_beyond(past),
            _ => baseline.bar *= PART,
        }
        baseline
    }

    /// log(1 + bytes) of a whole hour. `None` if too little of it was observed.
    fn log(&self, place: usize) -> Option<f64> {
        Some(self.logs[place]).filter(|log| !log.is_nan())
    }

    /// Bytes of an hour, scaled up to a whole one. `None` if too little of it was observed.
    pub(super) fn whole_hour(&self, place: usize) -> Option<f64> {
        whole_hour(&self.hours[place], self.bytes[place])
    }

    /// The middle of each kind of hour; how it varies about it is learnt once that is settled.
    fn learn_slots(&mut self, past: &[Day]) {
        let mut values: Vec<Vec<f64>> = vec![Vec::new(); 168];
        for (day, level) in past.iter().zip(&self.levels) {
            for place in day.hours.clone() {
                if let (Some(log), Some(level)) = (self.log(place), level) {
                    values[(self.slot_of)(&self.hours[place])].push(log - level);
                }
            }
        }
        self.slots = values
            .iter_mut()
            .map(|values| {
                let middle = median(values)?;
                Some(Slot { middle, sigma: 0.0 })
            })
            .collect();
    }

    /// The level of each day is the middle of how its hours differ from the usual, smoothed over the
    /// days around it. A slow growth and a new level are in it, an unusual day is not.
    fn learn_levels(&mut self, past: &[Day]) {
        let own: Vec<Option<f64>> = past.iter().map(|day| self.own_level(day)).collect();
        let half = LEVEL_DAYS / 2;
        self.levels = (0..own.len())
            .map(|place| {
                own[place]?;
                let around = &own[place.saturating_sub(half)..own.len().min(place + half + 1)];
                median(&mut around.iter().flatten().copied().collect::<Vec<_>>())
            })
            .collect();
        let last: Vec<f64> = own
            .iter()
            .rev()
            .flatten()
            .take(LEVEL_DAYS)
            .copied()
            .collect();
        self.level = next_level(&last);
    }

    /// How a day differs from the usual: the middle of its hours. `None` if less than half of its
    /// hours can tell.
    pub(super) fn own_level(&self, day: &Day) -> Option<f64> {
        let mut residuals: Vec<f64> = day
            .hours
            .clone()
            .filter_map(|place| {
                let slot = self.slots[(self.slot_of)(&self.hours[place])]?;
                Some(self.log(place)? - slot.middle)
            })
            .collect();
        (residuals.len() * 2 >= day.hours.len()).then(|| median(&mut residuals))?
    }

    /// How the level of a day varies by chance: the standard error of a median of so many hours, √(π/2)
    /// times that of a mean where they are normal.
    pub(super) fn sigma_of_level(&self, day: &Day) -> f64 {
        MEDIAN_TO_MEAN * self.sigma / (day.hours.len().max(1) as f64).sqrt()
    }

    /// How hours vary about what is usual. Gives the score that one of a hundred past hours passes.
    fn learn_spread(&mut self, past: &[Day]) -> f64 {
        let mut residuals = Vec::new();
        let mut by_slot: Vec<Vec<f64>> = vec![Vec::new(); self.slots.len()];
        let mut alike: Vec<Vec<f64>> = vec![Vec::new(); OF_WORK];
        for (day, level) in past.iter().zip(&self.levels) {
            let Some(level) = level else { continue };
            for place in day.hours.clone() {
                let kind = (self.slot_of)(&self.hours[place]);
                if let (Some(log), Some(slot)) = (self.log(place), self.slots[kind]) {
                    let residual = log - level - slot.middle;
                    residuals.push(residual);
                    by_slot[kind].push(residual);
                    alike[of_work(&self.hours[place])].push(residual);
                }
            }
        }
        for (slot, residuals) in self.slots.iter_mut().zip(&mut by_slot) {
            if let Some(slot) = slot {
                slot.sigma = sigma(residuals);
            }
        }
        // A middle of few values follows each of them, so that they vary less about it than others do.
        let hours = residuals.len() as f64;
        let slots = self.slots.iter().flatten().count() as f64;
        let inflate = (hours / (hours - slots).max(hours / 4.0).max(1.0)).sqrt();
        self.sigma = sigma(&mut residuals.clone()) * inflate;
        self.sigmas = (alike.iter_mut())
            .map(|residuals| sigma(residuals) * inflate)
            .collect();
        let scale = self.sigma.max(LEAST_SIGMA);
        for residual in &mut residuals {
            *residual = residual.abs() / scale;
        }
        quantile(&mut residuals, 0.99).unwrap_or(0.0)
    }

    /// Where traffic comes in bursts, each hour varies by so much that nothing would be unusual. What lies
    /// far beyond the largest hours of all is, all the same.
    fn learn_beyond(&mut self, past: &[Day]) {
        let days = past.iter().zip(&self.levels);
        let mut logs: Vec<f64> = days
            .filter_map(|(day, level)| Some((day, (*level)?)))
            .flat_map(|(day, level)| day.hours.clone().map(move |place| (place, level)))
            .filter_map(|(place, level)| Some(self.log(place)? - level))
            .collect();
        let largest = logs.iter().copied().max_by(f64::total_cmp);
        if let (Some(tail), Some(largest)) = (tail(&mut logs, BEYOND), largest) {
            self.beyond = tail.max(largest + self.min_ratio.ln());
        }
    }

    /// What varies at an hour: the most of what it, its like and all hours do.
    fn scale(&self, slot: Slot, hour: &Hour) -> f64 {
        let alike = self.sigmas[of_work(hour)];
        slot.sigma.max(alike).max(self.sigma).max(LEAST_SIGMA)
    }

    /// How far an hour is from the usual: its modified z, at most 99 either way. `None` without
    /// history, or where too little of it was observed.
    pub(super) fn score(&self, place: usize) -> Option<f64> {
        let slot = self.slots[(self.slot_of)(&self.hours[place])]?;
        let distance = self.log(place)? - slot.middle - self.level;
        Some((distance / self.scale(slot, &self.hours[place])).clamp(-MOST, MOST))
    }

    /// Whether an hour is beyond all that is usual at any hour.
    pub(super) fn is_beyond(&self, place: usize) -> bool {
        (self.log(place)).is_some_and(|log| log > self.beyond + self.level)
    }

    /// What is usual at an hour, in bytes: an hour that is outside of it is unusual.
    pub(super) fn expected(&self, hour: &Hour) -> Option<Expected> {
        let slot = self.slots[(self.slot_of)(hour)]?;
        let middle = slot.middle + self.level;
        let reach = self.bar * self.scale(slot, hour);
        let reach = reach.max(self.min_ratio.ln());
        let at = |log: f64| log.clamp(0.0, 60.0).exp_m1();
        Some(Expected {
            low: at(middle - reach),
            middle: at(middle),
            high: at((middle + reach).min((self.beyond + self.level).max(middle))),
        })
    }
}

/// The level after some days, the last first: the middle of them, or of the last three where these
/// have left the days before together. A new level is then the usual one.
fn next_level(last: &[f64]) -> f64 {
    let middle = |levels: &[f64]| median(&mut levels.to_vec());
    if let Some((new, old)) = last.split_at_checked(3)
        && let (Some(after), Some(before)) = (middle(new), middle(old))
        && new.iter().all(|level| (level - before).abs() > NEW_LEVEL)
        && new
            .iter()
            .all(|level| (*level > before) == (after > before))
    {
        return after;
    }
    middle(last).unwrap_or(0.0)
}
