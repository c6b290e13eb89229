//! From the events of one person and day to where that person was, hour by hour.
//!
//! Device by device, in order of time: (1) equal events are one; (2) events of one second over 10 km
//! apart are dropped, since one of them is wrong and none says which; (3) an event over 10 km from
//! both the one before and the one after, at over 55 m/s, is a jump and dropped. Only the person's own
//! rows decide. Source: inputs (row errors, semantic); Eurostat multimno, event semantic cleaning.

use super::sphere::Point;

/// 10 km: what a device is never away from itself, and less is how radio works.
const FAR_M: f64 = 10_000.0;

/// 55 m/s, 198 km/h.
const FAST_M_PER_S: f64 = 55.0;

/// What became of events that sorting brought together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// The same event again.
    pub duplicates: u64,
    /// At the same time at places far apart.
    pub elsewhere: u64,
    /// Away and back faster than anybody travels.
    pub jumps: u64,
}

/// Takes out of the events of one device and day (second, number of the place) what cannot be.
pub fn sift(events: &mut Vec<(u32, u32)>, points: &[Point], dropped: &mut Dropped) {
    let count = |events: &[(u32, u32)]| u64::try_from(events.len()).unwrap_or_default();
    let all = count(events);
    events.sort_unstable();
    events.dedup();
    dropped.duplicates += all - count(events);
    let far = |left: u32, right: u32| {
        let point = |at: u32| usize::try_from(at).ok().and_then(|at| points.get(at).copied());
        let pair = (left != right).then(|| point(left).zip(point(right))).flatten();
        pair.map(|(left, right)| left.distance_m(right)).filter(|it| *it > FAR_M)
    };
    let distinct = count(events);
    let mut kept: Vec<(u32, u32)> = Vec::with_capacity(events.len());
    for together in events.chunk_by(|left, right| left.0 == right.0) {
        let alone = |event: &&(u32, u32)| together.iter().all(|it| far(event.1, it.1).is_none());
        kept.extend(together.iter().filter(alone));
    }
    dropped.elsewhere += distinct - count(&kept);
    let leaps = |from: (u32, u32), to: (u32, u32)| {
        far(from.1, to.1).is_some_and(|it| it > FAST_M_PER_S * f64::from(to.0 - from.0))
    };
    let mut at: usize = 0;
    events.clone_from(&kept);
    events.retain(|event| {
        at += 1;
        let before = at.checked_sub(2).and_then(|it| kept.get(it));
        let jumps = before
            .zip(kept.get(at))
            .is_some_and(|(before, after)| leaps(*before, *event) && leaps(*event, *after));
        !jumps
    });
    dropped.jumps += count(&kept) - count(events);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places on the equator, in kilometres from one another: 0, 9, 11, 500.
    fn check(events: &[(u32, u32)], kept: &[(u32, u32)], expected: (u64, u64, u64)) {
        let points = [0.0, 9.0, 11.0, 500.0].map(|km| Point::new(0.0, km / 111.195));
        let (mut found, mut dropped) = (events.to_vec(), Dropped::default());
        sift(&mut found, &points, &mut dropped);
        assert_eq!(found, kept, "{events:?}");
        assert_eq!((dropped.duplicates, dropped.elsewhere, dropped.jumps), expected, "{events:?}");
    }

    #[test]
    fn equal_events_are_one() {
        check(&[(5, 0), (5, 0), (6, 0)], &[(5, 0), (6, 0)], (1, 0, 0));
    }

    #[test]
    fn nobody_is_at_two_far_places_at_once() {
        check(&[(5, 0), (5, 1)], &[(5, 0), (5, 1)], (0, 0, 0));
        check(&[(5, 0), (5, 2), (9, 0)], &[(9, 0)], (0, 2, 0));
        // One far place is enough that none is believed.
        check(&[(5, 0), (5, 1), (5, 3)], &[], (0, 3, 0));
    }

    #[test]
    fn away_and_back_faster_than_anybody_is_a_jump() {
        check(&[(0, 0), (20, 3), (40, 0)], &[(0, 0), (40, 0)], (0, 0, 1));
        // A train: away fast and not back.
        check(&[(0, 0), (20, 3), (40, 3)], &[(0, 0), (20, 3), (40, 3)], (0, 0, 0));
        // Slow enough: 11 km in 201 s are less than 55 m/s.
        check(&[(0, 0), (201, 2), (402, 0)], &[(0, 0), (201, 2), (402, 0)], (0, 0, 0));
        check(&[(0, 0), (199, 2), (398, 0)], &[(0, 0), (398, 0)], (0, 0, 1));
        // Nothing before or after says which end is wrong.
        check(&[(0, 0), (20, 3)], &[(0, 0), (20, 3)], (0, 0, 0));
    }
}
