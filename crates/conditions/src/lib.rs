#![doc = include_str!("../README.md")]

pub mod asn1;
pub mod draft00;
pub mod limits;

mod base64url;
mod budget;
mod condition;
mod encoding;
mod error;
mod fulfill;
mod fulfillment;
mod kind;
mod knapsack;
mod policy;
mod reader;
mod rsa;
mod shape;

pub use condition::Condition;
pub use encoding::Encoding;
pub use error::{ConditionError, Fault, FulfillError, Place, PolicyError};
pub use fulfillment::{Fulfillment, Leaf};
pub use kind::Kind;
pub use policy::{Policy, Weighted};
