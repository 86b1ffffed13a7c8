//! One image to all its targets: every manifest and every byte of it is read once.
//!
//! The targets go through the blobs together, and each ends when its own are there. Who fails or is not ready in time
//! goes on by itself and reads what it still needs; the others do not wait for it any more. Who is merely slow holds the
//! others back: that is the price of reading once.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{join, join_all, join3};
use futures_util::stream::{self, FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use super::Context;
use super::recompress::Kept;
use super::session::{Moved, Session};
use super::shelf::Shelves;
use super::sync::{Copy, Prepared};
use super::tee::{Taker, tee};
use super::transfer::{Errand, Locked, Start};
use crate::image::{Descriptor, Digest};
use crate::plan::{Outcome, StepId};
use crate::store::Error;

/// Blobs of one image on their way at a time.
pub(super) const BLOBS_AT_A_TIME: usize = 4;

/// How long the first target that is ready waits for the others.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where outcomes go as they come.
pub(super) type Ended = mpsc::UnboundedSender<(StepId, Outcome)>;

/// Carries one image to all targets of `copies`, which are at different places.
pub(super) async fn copy_all(copies: Vec<Copy<'_>>, context: &Context, shelves: &Shelves, ended: &Ended) {
    let preparing = copies.into_iter().map(|copy| copy.prepare(context, shelves)).collect();
    let (ready, late) = together(preparing, Result::is_ok).await;
    join(work(ready, ended), each_alone(late, ended)).await;
}

async fn each_alone<'a, F>(mut late: FuturesUnordered<F>, ended: &Ended)
where
    F: Future<Output = Result<Prepared<'a>, (StepId, Outcome)>>,
{
    let mut working = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(prepared) = late.next() => working.push(work(vec![prepared], ended)),
            Some(()) = working.next() => {}
            else => break,
        }
    }
}

/// What is done [`PATIENCE`] after the first one that is well, and what goes on.
async fn together<F: Future>(
    mut running: FuturesUnordered<F>,
    well: impl Fn(&F::Output) -> bool,
) -> (Vec<F::Output>, FuturesUnordered<F>) {
    let mut done = Vec::new();
    while let Some(next) = running.next().await {
        let first = well(&next);
        done.push(next);
        if first {
            break;
        }
    }
    let mut patience = pin!(tokio::time::sleep(PATIENCE));
    loop {
        tokio::select! {
            biased;
            next = running.next() => match next {
                Some(next) => done.push(next),
                None => break,
            },
            () = &mut patience => break,
        }
    }
    (done, running)
}

/// Brings the image to those targets where it is to be written.
async fn work(prepared: Vec<Result<Prepared<'_>, (StepId, Outcome)>>, ended: &Ended) {
    let mut writing = Vec::new();
    for prepared in prepared {
        match prepared {
            Ok(prepared) => writing.push(prepared),
            Err(outcome) => drop(ended.send(outcome)),
        }
    }
    // All crews take what they hold in the same order, so that none waits for another in a circle.
    writing.sort_by(|a, b| a.place().cmp(b.place()));
    if writing.len() > 1 {
        let kept = Kept::default();
        for prepared in &mut writing {
            prepared.transfers.kept = Some(kept.clone());
        }
    }
    go_through(&writing, ended).await;
}

async fn go_through(prepared: &[Prepared<'_>], ended: &Ended) {
    if let [only] = prepared {
        return go_alone(only, ended).await;
    }
    let (mut members, mut lanes, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for prepared in prepared {
        let (alone, to_do) = mpsc::unbounded_channel();
        let (placed, results) = mpsc::unbounded_channel();
        members.push((Member::new(prepared, placed), alone));
        lanes.push(to_do);
        ends.push(results);
    }
    let (members, alone): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    let seats = members.iter().zip(alone).map(|(member, alone)| Seat { member, alone }).collect();
    let lanes = join_all(members.iter().zip(lanes).map(|(member, to_do)| member.go_on_alone(to_do)));
    let ends = join_all(members.iter().zip(ends).map(|(member, results)| member.end(results, ended)));
    join3(go_through_blobs(seats), lanes, ends).await;
}

/// One target waits for nobody, and nobody for it.
async fn go_alone(prepared: &Prepared<'_>, ended: &Ended) {
    let (placed, results) = mpsc::unbounded_channel();
    let member = Member::new(prepared, placed);
    let (errands, to_do) = mpsc::unbounded_channel();
    for blob in largest_first(&prepared.image.blobs) {
        let _ = errands.send(Errand::new(blob));
    }
    drop(errands);
    join(member.go_on_alone(to_do), member.end(results, ended)).await;
}

/// A target that the image goes to.
struct Member<'a> {
    prepared: &'a Prepared<'a>,
    wanted: BTreeSet<&'a Digest>,
    /// It goes on by itself.
    apart: AtomicBool,
    /// It has failed, and needs no more.
    over: AtomicBool,
    /// What became of its blobs.
    placed: mpsc::UnboundedSender<Result<(), Error>>,
}

impl<'a> Member<'a> {
    fn new(prepared: &'a Prepared<'a>, placed: mpsc::UnboundedSender<Result<(), Error>>) -> Self {
        let wanted = prepared.image.blobs.iter().map(|blob| &blob.digest).collect();
        Self { prepared, wanted, apart: AtomicBool::new(false), over: AtomicBool::new(false), placed }
    }

    fn wants(&self, blob: &Descriptor) -> bool {
        self.wanted.contains(&blob.digest) && !self.over.load(Ordering::Relaxed)
    }

    async fn place(&self, errand: Errand<'_>) {
        if self.wants(errand.blob) {
            let _ = self.placed.send(self.prepared.transfers.place(errand).await);
        }
    }

    /// Does its errands until nobody can give it any more.
    async fn go_on_alone(&self, errands: mpsc::UnboundedReceiver<Errand<'_>>) {
        let errands = stream::unfold(errands, |mut errands| async { Some((errands.recv().await?, errands)) });
        errands.for_each_concurrent(BLOBS_AT_A_TIME, |errand| self.place(errand)).await;
    }

    /// Waits for its blobs, or the first that fails, and writes the manifests.
    async fn end(&self, mut placed: mpsc::UnboundedReceiver<Result<(), Error>>, ended: &Ended) {
        let mut all = Ok(());
        for _ in &self.wanted {
            match placed.recv().await {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    self.over.store(true, Ordering::Relaxed);
                    all = Err(error);
                    break;
                }
                None => break,
            }
        }
        let outcome = self.prepared.finish(all).await;
        let _ = ended.send((self.prepared.copy.id, outcome));
    }
}

/// A member as those see it who go through the blobs together.
struct Seat<'m, 'a> {
    member: &'m Member<'a>,
    alone: mpsc::UnboundedSender<Errand<'a>>,
}

/// Each blob once; so that a large one does not make the tail.
fn largest_first<'a>(blobs: impl IntoIterator<Item = &'a Descriptor>) -> Vec<&'a Descriptor> {
    let mut seen = BTreeSet::new();
    let mut blobs: Vec<&Descriptor> = blobs.into_iter().filter(|blob| seen.insert(&blob.digest)).collect();
    blobs.sort_by_key(|blob| std::cmp::Reverse(blob.size));
    blobs
}

async fn go_through_blobs(seats: Vec<Seat<'_, '_>>) {
    let blobs = largest_first(seats.iter().flat_map(|seat| &seat.member.prepared.image.blobs));
    stream::iter(blobs).for_each_concurrent(BLOBS_AT_A_TIME, |blob| place(blob, &seats)).await;
}

/// Places one blob at every member that wants it.
async fn place<'a>(blob: &'a Descriptor, seats: &[Seat<'_, 'a>]) {
    let wanting = seats.iter().filter(|seat| seat.member.wants(blob));
    let (apart, together): (Vec<&Seat<'_, '_>>, Vec<_>) = wanting.partition(|s| s.member.apart.load(Ordering::Relaxed));
    for seat in apart {
        let _ = seat.alone.send(Errand::new(blob));
    }
    match together.as_slice() {
        [] => {}
        [only] => only.member.place(Errand::new(blob)).await,
        together => place_together(blob, together).await,
    }
}

async fn place_together<'a>(blob: &'a Descriptor, seats: &[&Seat<'_, 'a>]) {
    let legs = FuturesUnordered::new();
    for (number, seat) in seats.iter().enumerate() {
        let shelf = seat.member.prepared.transfers.shelf(blob).await;
        legs.push(Leg { seat, blob, shelf }.start(number));
    }
    let (mut started, late) = together(legs, |(.., start)| start.is_ok()).await;
    for (number, seat) in seats.iter().enumerate() {
        if !started.iter().any(|(started, ..)| *started == number) {
            seat.leave(Errand::new(blob));
        }
    }
    drop(late);
    started.sort_by_key(|(number, ..)| *number);
    let mut sending = Vec::new();
    for (_, leg, start) in started {
        match start {
            Ok(Start::Held) => leg.arrive(),
            // What an earlier run left goes on from there, not from the start; what replaces something is looked at then.
            Ok(Start::Send(Session::Broken(_)) | Start::Replace(_)) => leg.seat.leave(Errand::new(blob)),
            Ok(Start::Send(session)) => sending.push((leg, session)),
            Err(error) => leg.fail(error, Arc::default()),
        }
    }
    let Some((first, _)) = sending.first() else { return };
    let (pump, takers) = tee(first.seat.member.prepared.transfers.download(blob, 0), sending.len());
    let sent = sending.into_iter().zip(takers).map(|((leg, session), taker)| leg.send(session, taker));
    join(pump, join_all(sent)).await;
}

impl<'a> Seat<'_, 'a> {
    /// Goes on by itself, with this errand first.
    fn leave(&self, errand: Errand<'a>) {
        self.member.apart.store(true, Ordering::Relaxed);
        let _ = self.alone.send(errand);
    }
}

/// One blob on its way to one member among others.
struct Leg<'s, 'm, 'a> {
    seat: &'s Seat<'m, 'a>,
    blob: &'a Descriptor,
    shelf: Locked,
}

impl Leg<'_, '_, '_> {
    async fn start(self, number: usize) -> (usize, Self, Result<Start, Error>) {
        let start = self.seat.member.prepared.transfers.start(self.blob, &self.shelf).await;
        (number, self, start)
    }

    async fn send(self, mut session: Session, taker: Taker) {
        let _ = taker.turn.await;
        let moved = Arc::default();
        let transfers = &self.seat.member.prepared.transfers;
        match transfers.send(self.blob, &mut session, &moved, transfers.checked_by(0), |_| taker.bytes).await {
            Ok(()) => self.arrive(),
            Err(error) => self.fail(error, moved),
        }
    }

    fn arrive(mut self) {
        self.seat.member.prepared.transfers.note_held(&mut self.shelf);
        let _ = self.seat.member.placed.send(Ok(()));
    }

    /// The others go on; it tries again by itself, where that may help, and what moved so far is not counted twice.
    fn fail(self, error: Error, moved: Arc<Moved>) {
        let mut tries = self.seat.member.prepared.transfers.tries(0);
        match tries.go_on(error) {
            Ok(()) => self.seat.leave(Errand { blob: self.blob, failed: tries.failed(), moved }),
            Err(error) => drop(self.seat.member.placed.send(Err(error))),
        }
    }
}
