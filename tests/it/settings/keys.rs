//! Tenants' own keys: kept for one provider at one address, and never shown.
