//! What all daemons share: settings, checks, logs, failures, running.
