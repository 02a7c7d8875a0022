//! Keeps a fixed number of payments in flight and notes when each was answered.

use super::{
    cases::{Case, Way},
    line::Line,
    web::Client,
};
use crate::{
    cpu::{CpuTime, CpuUse},
    plan::Plan,
};
use anyhow::Result;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// One payment that was answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paid {
    /// When, counted from the start.
    pub(crate) at: Duration,
    /// How long the caller waited.
    pub(crate) latency: Duration,
}

/// All that happened under a load.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) payments: Vec<Paid>,
    /// Processor time from the end of the warm-up to the end.
    pub(crate) cpu: Option<CpuUse>,
}

/// What a worker needs to know of time.
#[derive(Debug)]
struct Clock {
    start: Instant,
    is_over: AtomicBool,
}

/// Pays until the plan's time is over; every payment must succeed.
pub(crate) async fn drive(line: &Line, case: Case, plan: &Plan) -> Result<Log> {
    let clock = Arc::new(Clock { start: Instant::now(), is_over: AtomicBool::new(false) });
    let mut workers = JoinSet::new();
    for _ in 0..case.in_flight {
        let clock = Arc::clone(&clock);
        match case.way {
            Way::Direct | Way::Mediated(_) => {
                let (payer, request) = (line.payer(), line.payment(case.way));
                workers.spawn(async move {
                    let mut paid = vec![];
                    while !clock.is_over.load(Ordering::Relaxed) {
                        let asked = Instant::now();
                        payer.pay(request.clone()).await?;
                        paid.push(clock.paid(asked));
                    }
                    Ok(paid)
                });
            }
            Way::DirectHttp => {
                let client = Client::new(line.payments_url());
                workers.spawn_blocking(move || {
                    let mut paid = vec![];
                    while !clock.is_over.load(Ordering::Relaxed) {
                        let asked = Instant::now();
                        client.pay()?;
                        paid.push(clock.paid(asked));
                    }
                    Ok(paid)
                });
            }
        }
    }
    tokio::time::sleep(plan.warm_up).await;
    let before = CpuTime::now();
    tokio::time::sleep(plan.each * u32::try_from(plan.repetitions)?).await;
    let after = CpuTime::now();
    clock.is_over.store(true, Ordering::Relaxed);
    let mut payments = vec![];
    while let Some(worker) = workers.join_next().await {
        let paid: Result<Vec<Paid>> = worker?;
        payments.extend(paid?);
    }
    let cpu = before.zip(after).map(|(before, after)| after.since(&before));
    Ok(Log { payments, cpu })
}

impl Clock {
    fn paid(&self, asked: Instant) -> Paid {
        let now = Instant::now();
        Paid { at: now - self.start, latency: now - asked }
    }
}
