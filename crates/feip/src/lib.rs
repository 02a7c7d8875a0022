//! On-chain records of Freecash and the state that they make.
