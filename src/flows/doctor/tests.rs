//! What is judged without asking anybody.
