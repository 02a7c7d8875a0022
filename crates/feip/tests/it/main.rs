//! Every rule of records, the real ones, and laws for any.
