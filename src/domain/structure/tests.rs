//! Plans of the examples and of a corpus of document shapes.
