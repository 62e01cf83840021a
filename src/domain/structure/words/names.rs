//! Names that keep their capital wherever they stand.

/// In lower case, as titles compare them; names with more capitals than the first keep them anyway.
#[rustfmt::skip] // words, many to a line
pub(crate) const PROPER: &[&str] = &[
    "prometheus", "kubernetes", "docker", "postgres", "redis", "gmail", "google", "slack", "stripe", "linux", "windows",
    "android", "safari", "chrome", "firefox", "python", "java", "ruby", "terraform", "grafana", "kafka",
    "elasticsearch", "jira", "excel", "markdown", "unicode", "mermaid", "azure", "english", "german", "french", "spanish",
    "portuguese", "italian", "chinese", "japanese", "debian", "ubuntu", "fedora", "alpine", "apple", "microsoft", "amazon",
    "sentry", "datadog", "cloudflare", "heroku", "vercel", "django", "rails", "laravel", "angular", "svelte", "webpack", "vite",
    "nginx", "envoy", "istio", "consul", "ansible", "jenkins", "discord", "asana",
    "trello", "salesforce", "hubspot", "zendesk", "intercom", "twilio", "okta", "keycloak", "swagger", "bluetooth", "monday",
    "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
];
