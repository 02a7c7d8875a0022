use std::sync::Arc;
use tokio::sync::watch;

/// A one-way switch that ends the daemon's tasks in good order. Clones are the same switch.
#[derive(Debug, Clone)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Shutdown {
    /// Begins the shutdown. Doing so again changes nothing.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Says whether the shutdown has begun.
    pub fn is_triggered(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the shutdown begins. Cancel safe.
    pub async fn triggered(&self) {
        let mut receiver = self.0.subscribe();
        // The only error is a dropped sender, and `self` holds it.
        let _ = receiver.wait_for(|begun| *begun).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_sees_the_trigger() {
        let shutdown = Shutdown::default();
        let other = shutdown.clone();
        let waiting = tokio::spawn(async move { other.triggered().await });
        assert!(!shutdown.is_triggered());
        shutdown.trigger();
        shutdown.trigger();
        waiting.await.unwrap();
        assert!(shutdown.is_triggered());
    }
}
