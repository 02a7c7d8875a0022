//! The query language of the directory: parsing, rules, a plain evaluator.
