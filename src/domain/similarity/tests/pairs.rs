//! Pairs of titles as maintainers write them, each labelled: the same work, or not.
//!
//! Nothing was tuned on [`HELD_OUT`]: its numbers were looked at after the rules stood.

/// One labelled pair.
pub(super) struct Pair {
    pub same: bool,
    pub one: &'static str,
    pub other: &'static str,
}

const fn same(one: &'static str, other: &'static str) -> Pair {
    Pair {
        same: true,
        one,
        other,
    }
}

const fn not(one: &'static str, other: &'static str) -> Pair {
    Pair {
        same: false,
        one,
        other,
    }
}

/// What the rules were written with.
#[rustfmt::skip] // a pair to a line
pub(super) const TUNED: &[Pair] = &[
    same("Add dark mode", "Dark mode support"),
    same("Add a dark theme to the settings page", "Please support dark mode in settings"),
    same("Add dark mode", "Please support dark mode in settings"),
    same("Create a health check endpoint", "Add a health endpoint for Kubernetes"),
    same("Login page crashes on empty password", "Crash when logging in with an empty password"),
    same("Export invoices as CSV", "Add CSV export for invoices"),
    same("Add two-factor authentication", "Support 2FA"),
    same("Implement single sign-on with SAML", "Add SAML SSO"),
    same("Search is slow on large repositories", "Slow search with big repos"),
    same("Add keyboard shortcuts", "Keyboard shortcuts for the editor"),
    same("Build the login form", "Add login form"),
    same("Fix memory leak in websocket handler", "Memory leak in the WebSocket handler"),
    same("Add pagination to the users list", "Users list needs pagination"),
    same("Password reset email is not sent", "Reset password mail never sent"),
    same("Rate limit the public API", "Add rate limiting to public API"),
    same("Support environment variables in config file", "Allow environment variables in the configuration file"),
    same("Add retry with backoff to webhook delivery", "Retry webhook deliveries with exponential backoff"),
    same("Upload of large files freezes the app", "App hangs when uploading huge files"),
    same("Create a health check endpoint", "Add healthcheck endpoint / health check route"),
    same("Write the migration guide for version 2", "Migration guide for version 2"),
    same("Add tests for the payment module", "Test the payment module"),
    same("Document the REST API", "Write documentation for the REST API"),
    same("Add German translation", "German translations"),
    same("Show a loading spinner while search results load", "Loading spinner for search results"),
    same("Add a health endpoint", "Add a health endpoint for Kubernetes"),
    same("Validate email addresses at signup", "Email address validation on registration"),
    same("Notifications are sent twice", "Duplicate: notifications sent twice"),
    same("Cache the product catalogue", "Add caching for the product catalogue"),
    not("Add login form", "Add logout form"),
    not("Build the login form", "Add sessions after the login form"),
    not("Export invoices as CSV", "Export invoices as PDF"),
    not("Export contacts", "Import contacts"),
    not("Add the accounts table", "Remove the accounts table"),
    not("Fix the login form", "Add login form"),
    not("Document the login form", "Build the login form"),
    not("Test the login form", "Build the login form"),
    not("Translate the login form", "Test the login form"),
    not("Send a weekly report email to store managers", "Send a monthly report email to store managers"),
    not("Upgrade to Node 18", "Upgrade to Node 20"),
    not("Phase 1: storage", "Phase 2: storage"),
    not("Add create endpoint for orders", "Add delete endpoint for orders"),
    not("Support PostgreSQL", "Support MySQL"),
    not("Add Android app", "Add iOS app"),
    not("Login with Google", "Login with GitHub"),
    not("Add user profile page", "Add user settings page"),
    not("Add filters to the order list", "Add sorting to the order list"),
    not("Write unit tests for the parser", "Write integration tests for the parser"),
    not("Add a search page", "Add an index to the search table"),
    not("Lock accounts after five wrong passwords", "Hash passwords with argon2"),
    not("Add French translation", "Add German translation"),
    not("Increase the timeout of the API client", "Log the API client's requests"),
    not("Show the price in the cart", "Show the price in the invoice"),
    not("Add audit log for admins", "Add audit log export"),
    not("Create the users table", "Create the orders table"),
    not("Rename the config file", "Validate the config file"),
    not("Add an API for invoices", "Add an API for newsletters"),
    not("Disable telemetry by default", "Add telemetry"),
    not("Encrypt backups", "Restore backups"),
];

/// Written after the rules, and looked at once.
#[rustfmt::skip] // a pair to a line
pub(super) const HELD_OUT: &[Pair] = &[
    same("Add support for Bitbucket repositories", "Bitbucket repository support"),
    same("Crash on startup when config is missing", "Application crashes at startup if the configuration file is missing"),
    same("Add webhooks for order events", "Order event webhooks"),
    same("Make the sidebar collapsible", "Collapsible sidebar"),
    same("Implement full-text search", "Add full text search over documents"),
    same("Use connection pooling for the database", "Database connection pool"),
    same("Add OAuth login with GitHub", "Sign in with GitHub via OAuth"),
    same("Error message for invalid coupon is unclear", "Unclear error message when coupon is invalid"),
    same("Add Prometheus metrics", "Expose metrics for Prometheus"),
    same("Allow users to delete their account", "Add account deletion"),
    same("Table columns should be sortable", "Sort table by column"),
    same("Timeout when generating big reports", "Report generation times out"),
    same("Support drag and drop of files", "Drag & drop file upload"),
    same("Add an undo button to the editor", "Undo in editor"),
    same("Dropdown menu closes immediately on mobile", "Mobile: drop-down menu closes at once"),
    not("Add webhooks for order events", "Add webhooks for refund events"),
    not("Add Prometheus metrics", "Add Prometheus alerts"),
    not("Make the sidebar collapsible", "Make the header sticky"),
    not("Delete expired sessions", "Delete expired tokens"),
    not("Add an undo button to the editor", "Add a save button to the editor"),
    not("Send SMS when an order ships", "Send email when an order ships"),
    not("Add connection pooling", "Add connection encryption"),
    not("Add validation to the checkout form", "Add validation to the contact form"),
    not("Support drag and drop of files", "Support deletion of files"),
    not("Show unread count in the inbox", "Show unread count in the tab title"),
    not("Timeout when generating reports", "Schedule reports"),
    not("Remove deprecated v1 endpoints", "Add v2 endpoints"),
    not("Compress images on upload", "Resize images on upload"),
    not("Add user roles", "Add user avatars"),
    not("Refactor the payment module", "Add tests for the payment module"),
];
