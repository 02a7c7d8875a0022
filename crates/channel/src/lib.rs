//! The payment-channel protocol: facts in, actions out.
