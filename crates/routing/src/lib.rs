//! Routes through a network of payment channels.
