//! Freecash and Bitcoin blocks: node, block files, record files, development chain.
